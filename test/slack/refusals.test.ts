import { expect, test } from 'vitest'
import { Delay, Refused } from '../../src/notifications/channel.ts'
import { isAboutContent, translateError } from '../../src/slack/refusals.ts'

/** As Slack's library throws an answer of `ok: false`. */
const answered = (error: string, messages?: string[]) =>
  Object.assign(new Error(`An API error occurred: ${error}`), {
    code: 'slack_webapi_platform_error',
    data: { ok: false, error, ...(messages ? { response_metadata: { messages } } : {}) },
  })

test.each<[string, Refused['why']]>([
  ['is_archived', 'closed'],
  ['restricted_action', 'closed'],
  ['restricted_action_read_only_channel', 'closed'],
  ['user_disabled', 'closed'],
  ['message_not_found', 'missing'],
  ['restricted_action_thread_locked', 'missing'],
  ['invalid_blocks', 'content'],
  ['invalid_arguments', 'content'],
  ['msg_blocks_too_long', 'content'],
  ['invalid_auth', 'app'],
  ['missing_scope', 'app'],
  ['account_inactive', 'app'],
  ['edit_window_closed', 'other'],
  ['brand_new_error', 'other'],
])('%s is a no, and about: %s', (error, why) => {
  const meant = translateError(answered(error))
  expect(meant).toBeInstanceOf(Refused)
  expect(meant).toMatchObject({ why, said: error })
  expect(isAboutContent(answered(error))).toBe(why === 'content')
})

test.each(['ratelimited', 'rate_limited', 'message_limit_exceeded', 'team_added_to_org'])(
  '%s is a no for now',
  (error) => {
    expect(translateError(answered(error))).toBeInstanceOf(Delay)
  },
)

test('a 429 is a wait for as long as Slack says', () => {
  const limited = Object.assign(new Error('A rate-limit has been reached'), { retryAfter: 7 })
  expect(translateError(limited)).toMatchObject({ seconds: 7 })
})

test.each([
  ['internal_error', answered('internal_error')],
  ['fatal_error', answered('fatal_error')],
  ['a page', answered('<html>Back soon</html>')],
  ['nothing at all', answered('')],
  ['a 500', Object.assign(new Error('An HTTP protocol error occurred'), { statusCode: 500 })],
  ['a timeout', new Error('timeout of 10000ms exceeded')],
])('%s leaves it open whether the message arrived', (_what, error) => {
  expect(translateError(error)).toBe(error)
  expect(isAboutContent(error)).toBe(false)
})

test('what Slack says of blocks is kept with the name, shortened', () => {
  const problems = [
    '[ERROR] unsupported type: plan [json-pointer:/blocks/1/type]',
    `[ERROR] ${'x'.repeat(900)}`,
  ]
  const meant = translateError(answered('invalid_blocks', problems)) as Refused
  expect(meant.said).toMatch(
    /^invalid_blocks: unsupported type: plan \[json-pointer:\/blocks\/1\/type\]; x+$/,
  )
  expect(meant.said).toHaveLength(500)
  expect(translateError(meant)).toBe(meant)
})
