import { messagesIn } from 'local-slack/inspect'
import { contentOf } from 'local-slack/validate/message'
import { expect, test } from 'vitest'
import { say } from '../../src/foundation/words.ts'
import { actions, button, context, header, message, plainSection } from '../../src/slack/blocks.ts'
import { inWords } from '../../src/slack/in-words.ts'
import { chart } from '../../src/slack/messages/usage/chart.ts'
import { sentenceBlock } from '../../src/slack/phrase.ts'
import { answerTo, callPlatform, counted, general, house, makeKey, said, useHouse } from '../setup/house.ts'
import { received } from '../setup/seen.ts'

test('words say what the blocks said: names as names, people as mentions, times in the reader’s zone, tables in lines', () => {
  const at = new Date('2027-03-10T12:00:00Z')
  const full = message(
    say`${{ user: 'U0ADA00001' }}: ${{ name: '<!channel> & co' }} ends on ${{ moment: at }}.`,
    header('Usage <of> all'),
    chart('line', 'Requests per hour', ['12:00'], [{ name: 'Old', values: [7] }]),
    {
      type: 'table',
      rows: [
        ['Key', 'Requests'],
        ['Ledger', '7'],
      ].map((row) => row.map((text) => ({ type: 'raw_text', text }))),
    },
    plainSection('Rows & <rows>'),
    context('`tml_ab12...` · owner <@U0ADA00001>'),
    sentenceBlock(say`${{ code: '/keys list' }} and ${{ code: 'a`b' }}`),
    { type: 'image', slack_file: { id: 'F0AAAAAAAA' }, alt_text: 'a picture' },
    actions(button('Rotate', 'rotate', 'x')),
  )
  const { text, blocks } = inWords(full, '/keys show tml_ab12...')
  expect(blocks).toEqual([])
  expect(text.split('\n')).toEqual([
    '<@U0ADA00001>: \u2068&lt;!channel&gt; &amp; co\u2069 ends on <!date^1804680000^{date_short} at {time}|2027-03-10>.',
    'Usage &lt;of&gt; all',
    'Key · Requests',
    'Ledger · 7',
    'Rows &amp; &lt;rows&gt;',
    '`tml_ab12...` · owner <@U0ADA00001>',
    "`/keys list` and `a'b`",
    'Buttons cannot be shown here. Type `/keys show tml_ab12...` instead.',
  ])
  expect(inWords(message(say`Nothing to press.`)).text).toBe('Nothing to press.')
})

test('words are never longer than Slack edits, end at a line, and keep what to type', () => {
  const long = message(
    say`First.`,
    {
      type: 'rich_text',
      elements: [
        {
          type: 'rich_text_preformatted',
          elements: [{ type: 'text', text: Array(500).fill('0123456789').join('\n') }],
        },
      ],
    },
    actions(button('Rotate', 'rotate', 'x')),
  )
  const { text } = inWords(long, '/keys review')
  expect(text.length).toBeLessThanOrEqual(4_000)
  expect(text.length).toBeGreaterThan(3_900)
  expect(text).toMatch(
    /^First\.\n```\n(0123456789\n)+```\n…\nButtons cannot be shown here\. Type `\/keys review` instead\.$/,
  )
  const one = inWords(message([`${'word '.repeat(1_200)}`])).text
  expect(one.length).toBeLessThanOrEqual(4_000)
  expect(one.endsWith('…')).toBe(true)
  expect(contentOf({ text, blocks: '[]' }).text).toBe(text)
})

useHouse()

test('where tables are refused, how a key and a workspace are used is said in words', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Ledger' })
  for (let i = 0; i < 3; i++) await callPlatform(house, token)
  await counted(house, 3)
  house.slack.refuseBlocks(['table', 'image'])
  await answerTo(manager, 'usage Ledger 24h')
  const panel = await received(manager, 'Most accessed')
  expect(panel.blocks).toEqual([])
  expect(panel.text).toMatch(/3 requests in the last 24 hours/)
  expect(panel.text).toMatch(
    /Last requests · Outcome · Endpoint · Network · Client\n<!date\^\d+\^\S+ \S+\|\S+> · (let through|200 succeeded) · GET \/v1\/contacts · 127\.0\.0\.0\/24 · node/,
  )
  expect(panel.text).toMatch(/Type `\/keys usage tml_\S+ 30d` instead\.$/)
  await answerTo(manager, 'usage 24h')
  expect((await received(manager, 'Busiest keys')).blocks).toEqual([])
})

test('an answer whose blocks are refused comes in words where somebody asked', async () => {
  house.slack.refuseBlocks(['overflow'])
  const manager = house.as('manager')
  const answer = await answerTo(manager, 'list')
  expect(answer.blocks).toEqual([])
  expect(answer.ephemeral).toBe(true)
  expect(answer.text).toMatch(/1-1 of 1\n.*Ledger.*\n`tml_\S+` · ● Active · last used: <!date/)
  expect(
    messagesIn(await house.as('owner').screen(), general)
      .map(said)
      .join(),
  ).not.toContain('Ledger')
  house.slack.refuseBlocks([])
})
