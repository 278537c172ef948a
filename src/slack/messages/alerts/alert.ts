import type { Button, ImageBlock, KnownBlock, Overflow } from '@slack/types'
import type { Alert, Step } from '../../../alerts/alert.ts'
import { asksIfNeeded } from '../../../findings/notice.ts'
import { join, type Phrase, say, who } from '../../../foundation/words.ts'
import { actions, button, context, go, type Message, message, option } from '../../blocks.ts'
import { fallback, mrkdwnDate, sentenceBlock, struckBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count, hintText } from '../keys/key.ts'
import { leakedBlocks } from './leaked.ts'
import { useFacts } from './unusual-use.ts'
import { headline, outcome, statusLines, stepWords, wasPausedByJob } from './words.ts'

type AlertProps = { mentions: string[]; isDirect: boolean; image?: ImageBlock }

/**
 * The parent message with the alert's current state: how urgent, the key and the fact first, then the owner and the
 * buttons. A resolved one keeps what it said, struck through, with who did what, and has no buttons, unless the policy
 * paused the key.
 */
export function alertMessage(alert: Alert, { mentions, isDirect, image }: AlertProps): Message {
  const picture = image ? [image] : []
  if (alert.resolution)
    return {
      text: fallback(outcome(alert)),
      blocks: [
        struckBlock(headline(alert)),
        sentenceBlock(say`✅ ${outcome(alert)}`),
        ...picture,
        context(`${hintText(alert.key.hint)} · owner <@${alert.key.ownerId}>`),
        ...(wasPausedByJob(alert) ? [actions(activate(alert, String(alert.resolution.at)))] : []),
      ],
    }
  return message(
    headline(alert),
    ...picture,
    ...(alert.kind === 'leaked' ? leakedBlocks(alert) : []),
    sentenceBlock(ownerLine(alert, mentions)),
    context(`${hintText(alert.key.hint)} · ${traffic(alert)}`),
    ...statusLines(alert).map((phrase) => sentenceBlock(phrase)),
    isDirect ? alertButtons(alert) : buttons(alert),
  )
}

/** The ways in which the reader of a direct message or an inbox may act on an alert. */
export const alertButtons = (alert: Alert): KnownBlock =>
  (alert.reader?.role ?? alert.ownerRole) === 'member' ? askButtons(alert) : buttons(alert)

/** The owner, and who else is mentioned; a mention notifies only when the message is posted. */
function ownerLine({ key }: Alert, mentions: readonly string[]): Phrase {
  const others = mentions.filter((user) => user !== key.ownerId)
  const also = join(
    others.map((user) => [{ user }]),
    ', ',
  )
  return say`Owner: ${who(key.ownerId)}${others.length > 0 ? say`. Also for ${also}` : ''}`
}

/** The reply in the thread for a step. It mentions people, since an edited message notifies nobody. */
export const alertReply = (step: Step, image?: ImageBlock): Message =>
  message(stepWords(step), ...(image ? [image] : []))

const keyRef = (alert: Alert) => ({ ...alert.key, workspaceId: alert.workspaceId })

const findingRef = (alert: Alert) => ref(alert.workspaceId, alert.findingId)

/** The usual remedies are buttons, at most one of them red; the rest is in the menu. */
function buttons(alert: Alert): KnownBlock {
  if (alert.kind === 'unusual-use') return useButtons(alert)
  if (alert.kind === 'leaked') return leakedButtons(alert)
  const { kind, key, snoozed, acknowledged } = alert
  const label = (text: string) => ({ label: `${text} ${key.name}` })
  const act = (text: string, id: string) => button(text, id, findingRef(alert), label(text))
  const asks = asksIfNeeded(kind)
  const shown = [
    ...(asks ? [act('Still needed', 'alert.needed')] : remedies(alert)),
    ...(asks && key.isActive ? [deactivate(alert)] : []),
    ...(acknowledged ? [act('Let go', 'alert.let-go')] : asks ? [] : [act("I'm on it", 'alert.take')]),
    snoozed ? act('Wake', 'alert.wake') : act('Snooze', 'alert.snooze'),
    ...(!asks && key.isActive ? [deactivate(alert)] : []),
  ]
  return actions(
    ...shown,
    menu(alert, ['usage', 'assign', ...(alert.ownerRole === 'member' ? ['ask' as const] : [])]),
  )
}

/** One click stops a key that may have leaked, and one click activates it again. */
function useButtons(alert: Alert): KnownBlock {
  const { key, snoozed } = alert
  const act = (text: string, id: string, style?: 'danger') =>
    button(text, id, findingRef(alert), { label: `${text} ${key.name}`, ...(style ? { style } : {}) })
  const stop = key.isActive
    ? [act('Quarantine key', 'alert.quarantine', ...red(alert))]
    : [activate(alert, useFacts(alert).quarantinedAt, 'primary')]
  return actions(
    ...stop,
    go('View usage', 'usage', keyRef(alert)),
    ...(key.isActive ? [act('Expected', 'alert.expected')] : []),
    menu(alert, [
      'compromised',
      alert.acknowledged ? 'let-go' : 'take',
      snoozed ? 'wake' : 'snooze',
      'assign',
      ...(alert.ownerRole === 'member' ? ['ask' as const] : []),
    ]),
  )
}

/** Each remedy in place; a key that is revoked can only be viewed. */
function leakedButtons(alert: Alert): KnownBlock {
  const { key, snoozed } = alert
  const isOver = !key.isActive && !key.isPaused
  const quarantine = button('Quarantine key', 'alert.quarantine', findingRef(alert), {
    label: `Quarantine key ${key.name}`,
    style: 'danger',
  })
  return actions(
    ...(key.isActive ? [quarantine] : []),
    ...(isOver
      ? []
      : [
          go('Rotate as compromised', 'rotate', keyRef(alert), { more: 'compromised' }),
          go('Revoke key', 'revoke', keyRef(alert)),
        ]),
    ...(key.isPaused ? [go('Activate', 'activate', keyRef(alert))] : []),
    go('View usage', 'usage', keyRef(alert)),
    menu(alert, [
      ...(alert.acknowledged ? [] : ['take' as const]),
      snoozed ? 'wake' : 'snooze',
      'assign',
      ...(alert.ownerRole === 'member' ? ['ask' as const] : []),
    ]),
  )
}

/** Ends the pause that the alert reports, and no later one. */
const activate = (alert: Alert, pausedAt: string | undefined, style?: 'primary'): Button =>
  go('Activate', 'activate', keyRef(alert), {
    ...(pausedAt ? { more: new Date(pausedAt).toISOString() } : {}),
    ...(style ? { style } : {}),
  })

/** The usual remedy. A key that has ended can only be viewed, and what is wrong with a verifier is not put right here. */
function remedies(alert: Alert): Button[] {
  if (alert.kind === 'canary') return []
  if (alert.kind === 'orphaned') return [go('Change owner', 'edit', keyRef(alert))]
  if (alert.kind === 'dead-key-in-use') return [go('View usage', 'usage', keyRef(alert))]
  return [go('Rotate', 'rotate', keyRef(alert), { style: 'primary' })]
}

const deactivate = (alert: Alert) => {
  const [style] = red(alert)
  return go('Deactivate', 'deactivate', keyRef(alert), style ? { style } : {})
}

/** Red is kept for what is critical: in a channel full of it nobody would see it. */
const red = ({ severity }: Alert): ['danger'] | [] => (severity === 'critical' ? ['danger'] : [])

/** For a reader who may not act: to say who is on it, whom to ask, and of one's own key the details. */
const askButtons = (alert: Alert): KnownBlock => {
  const { reader, key } = alert
  const isTheirs = !reader || reader.id === key.ownerId
  const isOnIt = reader !== undefined && alert.acknowledged?.by === reader.id
  const act = (text: string, id: string) =>
    button(text, id, findingRef(alert), { label: `${text}: ${key.name}` })
  return actions(
    ...(isTheirs && asksIfNeeded(alert.kind) ? [act('Still needed', 'alert.needed')] : []),
    isOnIt ? act('Let go', 'alert.let-go') : act("I'm on it", 'alert.take'),
    act('Ask a manager', 'alert.ask'),
    ...(isTheirs ? [go('View usage', 'usage', keyRef(alert))] : []),
  )
}

/** An entry runs a command on the key, or acts on the finding. */
const entries = {
  usage: 'View usage',
  rotate: 'Rotate',
  compromised: 'Rotate as compromised',
  deactivate: 'Deactivate',
  activate: 'Activate',
  revoke: 'Revoke key',
  take: "I'm on it",
  'let-go': 'Let go',
  snooze: 'Snooze',
  wake: 'Wake',
  assign: 'Assign',
  ask: 'Ask a manager',
  needed: 'Still needed',
  quarantine: 'Quarantine key',
  expected: 'Expected',
} as const
export type Entry = keyof typeof entries
const onKey: readonly Entry[] = ['usage', 'rotate', 'compromised', 'deactivate', 'activate', 'revoke']

/** A menu whose values carry the action and its key or finding. Slack allows five entries. */
export const menu = (alert: Alert, wanted: readonly Entry[]): Overflow => ({
  type: 'overflow',
  action_id: `alert.menu.${alert.findingId}`,
  options: wanted.slice(0, 5).map((entry) => {
    const id = onKey.includes(entry) ? alert.key.id : alert.findingId
    return option(entries[entry], ref(alert.workspaceId, commandOf(alert, entry, id)))
  }),
})

/** A rotation carries its reason, and an activation the pause that the alert reports. */
function commandOf(alert: Alert, entry: Entry, id: string): string {
  if (entry === 'compromised') return `rotate ${id} compromised`
  const pausedAt = entry === 'activate' && alert.kind === 'unusual-use' && useFacts(alert).quarantinedAt
  return pausedAt ? `activate ${id} ${new Date(pausedAt).toISOString()}` : `${entry} ${id}`
}

export function traffic(alert: Alert): string {
  if (!alert.lastUsedAt) return 'never used'
  return `${count(alert.requests, 'request')}, last used ${mrkdwnDate(alert.lastUsedAt, '{date_short_pretty} at {time}')}`
}
