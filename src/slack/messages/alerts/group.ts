import type { KnownBlock } from '@slack/types'
import type { Alert, Group } from '../../../alerts/alert.ts'
import { maxListed } from '../../../alerts/finding-source.ts'
import type { Severity } from '../../../anomaly/severity.ts'
import { asksIfNeeded } from '../../../findings/notice.ts'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import { context, type Message, message, plainSection } from '../../blocks.ts'
import { isolate, mrkdwnDate, sentenceBlock } from '../../phrase.ts'
import { count, hintText } from '../keys/key.ts'
import { type Entry, menu, traffic } from './alert.ts'
import { kindWords } from './kinds.ts'
import { outcome, severityWords } from './words.ts'

/**
 * One message for many findings: how many are open, a row with a menu for each; then, struck through, each of the others
 * with its outcome or where it went.
 */
export function groupMessage(group: Group): Message {
  const open = group.alerts.filter((alert) => !alert.resolution)
  const resolved = group.alerts.filter((alert) => alert.resolution)
  const listed = open.slice(0, maxListed)
  const more = open.length - listed.length
  return message(
    headline(group, open),
    ...listed.flatMap(row),
    ...(more > 0 ? [context(`And ${count(more, 'more key')}: each is in the thread.`)] : []),
    ...(resolved.length > 0 ? [sentenceBlock(join(resolved.slice(0, maxListed).map(ended), '\n'))] : []),
    ...(resolved.length > maxListed
      ? [context(`And ${count(resolved.length - maxListed, 'more key')} that ended; the thread says how.`)]
      : []),
    ...(group.moved.length > 0 ? [sentenceBlock(moved(group.moved))] : []),
  )
}

const order: readonly Severity[] = ['critical', 'warning', 'notice']

function headline({ kind, alerts, moved: left }: Group, open: readonly Alert[]): Phrase {
  const worst = order.find((severity) => open.some((alert) => alert.severity === severity))
  const words = kindWords[kind]
  if (worst) {
    const fact = open.length === 1 ? words.fact(open[0]!, open[0]!.step) : words.many(open.length)
    return say`${severityWords[worst]} · ${fact}`
  }
  const all = alerts.length + left.length
  return say`✅ ${all === 1 ? 'This alert is over' : `These ${all} alerts are over, or continue in messages of their own`}:`
}

const ended = (alert: Alert): Phrase => say`✅ ${outcome(alert)}`

/** The keys whose findings became more urgent, and have messages of their own. */
function moved(names: readonly string[]): Phrase {
  const shown = join(
    names.slice(0, maxListed).map((name) => [{ name }]),
    ', ',
  )
  const more = names.length - maxListed
  const own = names.length === 1 ? 'continues in a message of its own' : 'continue in messages of their own'
  return say`${shown}${more > 0 ? ` and ${more} more` : ''}: ${own}.`
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
  const { isActive, isPaused } = alert.key
  if (alert.kind === 'leaked' && isActive) return ['quarantine', 'compromised', 'revoke', 'usage', snooze]
  if (alert.kind === 'unusual-use' && isActive)
    return ['quarantine', 'expected', snooze, 'usage', 'compromised']
  if (['leaked', 'unusual-use'].includes(alert.kind) && isPaused)
    return ['activate', 'compromised', 'revoke', 'usage', snooze]
  // Nothing is left to do about a revoked key.
  return isActive
    ? ['rotate', first, snooze, 'usage', 'deactivate']
    : [...new Set<Entry>([first, snooze, 'usage', 'assign'])]
}

function state({ key, acknowledged, snoozed }: Alert): string {
  const ended = key.isActive ? '' : key.isPaused ? ' · paused' : ' · revoked'
  if (snoozed) return `${ended} · snoozed until ${mrkdwnDate(snoozed.until)}`
  return acknowledged ? `${ended} · <@${acknowledged.by}> is on it` : ended
}
