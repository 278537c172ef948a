import type { ModalView } from '@slack/types'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { notice, plainSection } from '../../src/slack/blocks.ts'
import { opener } from '../../src/slack/dispatch/surface.ts'
import type { BotContext } from '../../src/slack/interaction.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What Slack was asked for, in order. */
function slack() {
  const asked: string[] = []
  const answer = (method: string) => async (call: { view: ModalView }) => {
    asked.push(
      `${method} ${call.view.title.text}: ${JSON.stringify(call.view.blocks).includes('One moment')}`,
    )
    return { view: { id: 'V1' } }
  }
  const views = { open: answer('open'), update: answer('update') }
  return { asked, bot: { web: { views } } as unknown as BotContext }
}

const answer = notice('Key', [plainSection('Zapier is active.')])
const [opensLoading, opensAnswer, updates] = ['open Key: true', 'open Key: false', 'update Key: false']

test('an answer that is there in time opens its dialog in one call', async () => {
  const { asked, bot } = slack()
  await opener(bot, '1.2.a', { opens: 'Key' }).show(answer)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(asked).toEqual([opensAnswer])
})

test('a slow answer fills a dialog that was opened while the trigger was good', async () => {
  const { asked, bot } = slack()
  const dialog = opener(bot, '1.2.b', { opens: 'Key' })
  await vi.advanceTimersByTimeAsync(500)
  expect(asked).toEqual([opensLoading])
  await dialog.show(answer)
  expect(asked).toEqual([opensLoading, updates])
})

test('a dialog for a secret is open before the secret is made', async () => {
  const { asked, bot } = slack()
  const dialog = opener(bot, '1.2.c', { opens: 'Key', showsSecret: true })
  expect(asked).toEqual([opensLoading])
  await dialog.show(answer)
  expect(asked).toEqual([opensLoading, updates])
})
