import type { ImageBlock, KnownBlock, TableBlock } from '@slack/types'
import type { UsagePicture } from '../../../charts/chart.ts'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import type { Actor } from '../../../members/actor.ts'
import { type Range, ranges } from '../../../usage/range.ts'
import type { KeyUse, WorkspaceSummary } from '../../../usage/reports/workspace.ts'
import { successRate } from '../../../usage/summary.ts'
import type { Exercise, WideKey } from '../../../verification/exercised.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import {
  actions,
  button,
  cell,
  context,
  go,
  header,
  type Message,
  message,
  plainSection,
} from '../../blocks.ts'
import { fallback, isolate, mrkdwnDate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'
import { openPanel, sparkline } from './panel.ts'
import { howMany, howWell, percent, rangeWords } from './words.ts'

/** The contents of the overview. */
export type Overview = {
  workspace: Workspace
  actor: Actor
  range: Range
  now: Date
  summary: WorkspaceSummary
  exercise: Exercise
  /** the range of `exercise`: long enough for a key to use all its scopes */
  evidence: Range
  picture: UsagePicture
}

const listed = 5

/** A workspace's usage: requests, the busiest keys, the silent ones, and scopes that nobody uses. */
export function usageOverview(overview: Overview, image?: ImageBlock): Message {
  const { workspace, range, now, summary, exercise, evidence, picture } = overview
  const used = say`${count(summary.keysUsed, 'key was', 'keys were')} used.`
  const lines = [howMany(summary, range), howWell(summary), used].filter((line) => line !== undefined)
  return {
    text: fallback(say`Usage of ${{ name: workspace.name }}: ${howMany(summary, range)}`),
    blocks: [
      header(`Usage of ${isolate(workspace.name)}`),
      ...(image ? [image] : sparkline(picture)),
      sentenceBlock(join(lines, ' ')),
      ...(summary.top.length > 0 ? [topTable(summary.top.slice(0, listed))] : []),
      ...silentKeys(summary, range),
      ...scopes(exercise, evidence),
      ...wideKeys(exercise, evidence, workspace.id),
      rangeButtons(workspace.id, range),
      context(`Updated: ${mrkdwnDate(now, '{date_short_pretty} at {time}')}`),
    ],
  }
}

/** The reply where the overview was asked for, when it stands elsewhere. */
export const overviewReply = ({ workspace, summary, range }: Overview, link: string | undefined): Message =>
  message(say`${{ name: workspace.name }}: ${howMany(summary, range)}`, openPanel(link))

/** The busiest keys; Slack allows one table per message. */
export function topTable(top: readonly KeyUse[]): TableBlock {
  return {
    type: 'table',
    rows: [
      ['Busiest keys', 'Requests', 'Refused', 'Success rate'].map(cell),
      ...top.map((key) => [
        cell(called(key, top)),
        cell(key.requests.toLocaleString('en-US')),
        cell(key.refused.toLocaleString('en-US')),
        cell(rateOf(key)),
      ]),
    ],
    column_settings: [{}, { align: 'right' }, { align: 'right' }, { align: 'right' }],
  }
}

/** During a rotation two keys share a name. */
const called = ({ name, hint }: KeyUse, all: readonly KeyUse[]): string =>
  all.filter((one) => one.name === name).length > 1 ? `${isolate(name)} ${hint}` : isolate(name)

function rateOf(key: KeyUse): string {
  const rate = successRate(key)
  return rate === undefined ? 'unknown' : percent(rate)
}

function silentKeys({ silent }: WorkspaceSummary, range: Range): KnownBlock[] {
  if (silent.count === 0) return []
  const named = silent.keys
    .slice(0, listed)
    .map(({ name, lastUsedAt }) =>
      lastUsedAt ? say`${{ name }} (since ${{ day: lastUsedAt }})` : say`${{ name }} (never used)`,
    )
  const more = silent.count - named.length
  return [
    sentenceBlock(
      say`${count(silent.count, 'active key')} without a request in the last ${rangeWords[range]}: ${join(named, ', ')}${more > 0 ? ` and ${more} more` : ''}.`,
    ),
  ]
}

function scopes({ scopes: all, unknown }: Exercise, range: Range): KnownBlock[] {
  const rows = all
    .filter(({ keys }) => keys > 0)
    .map(
      ({ scope, keys, exercised }): Phrase =>
        say`${{ code: scope }}  ${count(keys, 'key has', 'keys have')} it, ${exercised} used it`,
    )
  if (rows.length === 0) return []
  const blind = unknown > 0 ? say`\n${count(unknown, 'key')} cannot be judged by what was counted.` : ''
  return [
    sentenceBlock(say`Scopes that were used in the last ${rangeWords[range]}:\n${join(rows, '\n')}${blind}`),
  ]
}

/** Keys with scopes that they do not use, with a button to rotate each. */
function wideKeys({ wide }: Exercise, range: Range, workspaceId: string): KnownBlock[] {
  if (wide.count === 0) return []
  const shown = wide.keys.slice(0, listed)
  const more = wide.count - shown.length
  return [
    sentenceBlock(
      say`${count(wide.count, 'key')} did not use all of ${wide.count === 1 ? 'its' : 'their'} scopes in the last ${rangeWords[range]}${more > 0 ? `. The first ${shown.length}` : ''}:`,
    ),
    ...shown.map((key) => wideKey(key, workspaceId)),
  ]
}

function wideKey({ keyId, name, scopes: has, exercised }: WideKey, workspaceId: string): KnownBlock {
  const spare = has.filter((scope) => !exercised.includes(scope))
  return plainSection(
    `${isolate(name)} used only ${exercised.join(', ')}; ${spare.join(' and ')} ${spare.length === 1 ? 'is' : 'are'} unused.`,
    {
      accessory: go('Rotate with changes', 'rotate', { id: keyId, workspaceId, name }, { more: 'changes' }),
    },
  )
}

const rangeButtons = (workspaceId: string, shown: Range): KnownBlock =>
  actions(
    ...ranges.map((range) =>
      button(rangeWords[range], `usage.overview.${range}`, ref(workspaceId, range), {
        label: `All keys: last ${rangeWords[range]}`,
        ...(range === shown ? { style: 'primary' } : {}),
      }),
    ),
  )
