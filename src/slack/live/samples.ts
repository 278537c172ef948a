import type { KnownBlock } from '@slack/types'
import type { Picture } from '../../charts/chart.ts'
import { hourMs } from '../../foundation/time.ts'
import { say } from '../../foundation/words.ts'
import { actions, button, cell, context, header, option, plainSection, plainText } from '../blocks.ts'
import { chart } from '../messages/usage/chart.ts'
import { mrkdwnDate, sentenceBlock } from '../phrase.ts'

export type Sample = {
  what: string
  blocks: KnownBlock[]
  /** a message that Slack refuses with these blocks says the same in words and loses nothing else */
  hasWords: boolean
}

/** A sample of each kind of block that messages are made of, in the forms that they use. */
export function samples(userId: string, now: Date): Sample[] {
  const needed = (what: string, ...blocks: KnownBlock[]): Sample => ({ what, blocks, hasWords: false })
  const replaceable = (what: string, ...blocks: KnownBlock[]): Sample => ({ what, blocks, hasWords: true })
  return [
    needed('text alone'),
    needed(
      'rich_text',
      sentenceBlock(
        say`${{ user: userId }} ${{ name: 'name' }} ${{ name: 'link', url: 'https://example.com/' }} ${{ code: 'code' }} ${{ moment: now }}`,
      ),
      { type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [text('signed')] }] },
    ),
    needed('header', header('Header')),
    needed(
      'section',
      plainSection('With a button', { accessory: press('Open') }),
      plainSection('With a menu', { accessory: menu('section') }),
    ),
    needed('context', {
      ...context(`Updated: ${mrkdwnDate(now)}`),
      elements: [...context(`Updated: ${mrkdwnDate(now)}`).elements, plainText('plain text')],
    }),
    needed(
      'actions',
      actions(press('Plain'), press('Primary', 'primary'), press('Danger', 'danger'), menu('actions'), {
        ...press('Confirm'),
        confirm: {
          title: plainText('Confirm'),
          text: plainText('Nothing happens.'),
          confirm: plainText('Confirm'),
          deny: plainText('Cancel'),
        },
      }),
    ),
    needed('divider', { type: 'divider' }),
    replaceable('table', table(now)),
    replaceable('data_visualization (line)', chart('line', 'Requests per hour', ...figures)),
    replaceable('data_visualization (bar)', chart('bar', 'Requests of last week', ...figures)),
    replaceable('plan', {
      type: 'plan',
      title: '1 of 4 keys',
      tasks: (['pending', 'in_progress', 'complete', 'error'] as const).map((status) => ({
        type: 'task_card',
        task_id: status,
        title: `Key ${status}`,
        status,
        output: sentenceBlock(say`${status}`),
      })),
    }),
  ]
}

/** A picture of the kind that goes with alerts. */
export function samplePicture(now: Date): Picture {
  const toMs = Math.floor(now.getTime() / hourMs) * hourMs
  const fromMs = toMs - 48 * hourMs
  const steps = Array.from({ length: 48 }, (_, hour) => {
    const at = fromMs + hour * hourMs
    return { fromMs: at, toMs: at + hourMs, requests: 40 + (hour % 24), low: 30, high: 70 }
  })
  return { kind: 'band', fromMs, toMs, timeZone: 'UTC', steps, incident: { fromMs, toMs, label: 'sample' } }
}

const text = (words: string) => ({ type: 'text' as const, text: words })

/** No route has this id, so pressing the button does nothing. */
const press = (words: string, style?: 'primary' | 'danger') =>
  button(words, `sample.${words}`, 'sample', { label: `${words} a sample`, ...(style ? { style } : {}) })

const menu = (place: string) => ({
  type: 'overflow' as const,
  action_id: `sample.menu.${place}`,
  options: ['One', 'Two'].map((words) => option(words, words)),
})

const table = (now: Date): KnownBlock => ({
  type: 'table',
  column_settings: [{}, { align: 'right' }],
  rows: [
    ['At', 'Requests'].map(cell),
    [sentenceBlock(say`${{ moment: now }}`), cell('1,204')],
    [cell(''), cell('0')],
  ],
})

const figures = [['08:00', '09:00'], [{ name: 'Old key', values: [7, 0] }]] as const
