import { expect, test } from 'vitest'
import { failed } from '../../src/slack/dispatch/conclude.ts'
import type { BotContext } from '../../src/slack/interaction.ts'

const logged: string[] = []
const log = {
  warn: (about: { event: string }) => void logged.push(about.event),
  error: (about: { event: string }) => void logged.push(about.event),
}
const bot = { world: { log } } as unknown as BotContext
const error = (message: string, code: string) => Object.assign(new Error(message), { code })

test('a database that goes away in the middle is said to be that, and no stack is logged', () => {
  const refusal = failed(bot, error('terminating connection due to administrator command', '57P01'))
  expect(refusal.code).toBe('outcome_unknown')
  expect(logged.splice(0)).toEqual(['slack.interaction_interrupted'])
})

test('a socket to Slack that breaks is no outage of the database', () => {
  const refusal = failed(bot, error('A request error occurred: socket hang up', 'slack_webapi_request_error'))
  expect(refusal.code).toBe('failed')
  expect(logged.splice(0)).toEqual(['slack.interaction_failed'])
})
