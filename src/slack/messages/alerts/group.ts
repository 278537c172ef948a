import type { KnownBlock } from '@slack/types'
import type { Alert, Group } from '../../../alerts/alert.ts'
import { maxListed } from '../../../alerts/finding-source.ts'
import { asksIfNeeded } from '../../../findings/notice.ts'
import { type Phrase, say } from '../../../foundation/words.ts'
import { context, type Message, message, plainSection } from '../../blocks.ts'
import { isolate, mrkdwnDate } from '../../phrase.ts'
import { count, hintText } from '../keys/key.ts'
import { type Entry, menu, traffic } from './alert.ts'
import { kindWords } from './kinds.ts'

/** One message for many findings: how many are open, a row with a menu for each, and the outcome of the others. */
export function groupMessage(group: Group): Message {
  const open = group.alerts.filter((alert) => !alert.resolution)
  const resolved = group.alerts.length - open.length
  const listed = open.slice(0, maxListed)
  const more = open.length - listed.length
  return message(
    headline(group, open.length),
    ...listed.flatMap(row),
    ...(more > 0 ? [context(`And ${count(more, 'more key')}: each is in the thread.`)] : []),
    ...(resolved > 0 && open.length > 0
      ? [context(`${count(resolved, 'key has', 'keys have')} been dealt with; the thread says how.`)]
      : []),
  )
}

function headline(group: Group, open: number): Phrase {
  if (open > 0) return kindWords[group.kind].many(open)
  const { length } = group.alerts
  if (length > 0)
    return say`${length === 1 ? 'The key of this message has' : `All ${length} keys have`} been dealt with; the thread says how.`
  return say`Each of these keys has a message of its own by now.`
}

function row(alert: Alert): KnownBlock[] {
  const { key } = alert
  const accessory = menu(alert, choices(alert))
  return [
    plainSection(isolate(key.name), { accessory }),
    context(
      `${hintText(key.hint)}${ends(alert)} · ${inDay(alert)}${traffic(alert)} · owner <@${key.ownerId}>${state(alert)}`,
    ),
  ]
}

function ends({ key, step }: Alert): string {
  if (!key.expiresAt) return ''
  const verb = step === 'expired' ? 'stopped' : 'stops'
  return ` · ${verb} working ${mrkdwnDate(key.expiresAt, '{date_short_pretty} at {time}')}`
}

const inDay = ({ inDay: day, lastUsedAt }: Alert): string =>
  day && lastUsedAt
    ? `${day.requests.toLocaleString('en-US')} in the 24 hours before ${mrkdwnDate(day.until, '{date_short_pretty} at {time}')}, `
    : ''

/** A menu holds five entries. */
function choices(alert: Alert): Entry[] {
  const first: Entry = asksIfNeeded(alert.kind) ? 'needed' : alert.acknowledged ? 'assign' : 'take'
  const snooze: Entry = alert.snoozed ? 'wake' : 'snooze'
  if (alert.kind === 'unusual-use') return ['quarantine', 'expected', snooze, 'usage', 'compromised']
  // Nothing is left to do about a revoked key.
  return alert.key.isActive
    ? ['rotate', first, snooze, 'usage', 'deactivate']
    : [...new Set<Entry>([first, snooze, 'usage', 'assign'])]
}

function state({ acknowledged, snoozed }: Alert): string {
  if (snoozed) return ` · snoozed until ${mrkdwnDate(snoozed.until)}`
  return acknowledged ? ` · <@${acknowledged.by}> is on it` : ''
}
