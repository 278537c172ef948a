import type { Button, ImageBlock, KnownBlock, Overflow } from '@slack/types'
import type { Alert, Step } from '../../../alerts/alert.ts'
import { asksIfNeeded } from '../../../findings/notice.ts'
import { say } from '../../../foundation/words.ts'
import { actions, button, context, go, type Message, message, option } from '../../blocks.ts'
import { mrkdwnDate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count, hintText } from '../keys/key.ts'
import { useFacts } from './unusual-use.ts'
import { called, ending, fact, statusLines, stepWords, wasPausedByJob } from './words.ts'

type AlertProps = { mentions: string[]; isDirect: boolean; image?: ImageBlock }

/**
 * The parent message with the alert's current state. A resolved one says who did what, and has no buttons, unless the
 * policy paused the key.
 */
export function alertMessage(alert: Alert, { mentions, isDirect, image }: AlertProps): Message {
  if (alert.resolution)
    return message(
      ending(alert),
      ...(wasPausedByJob(alert) ? [actions(activate(alert, String(alert.resolution.at)))] : []),
    )
  return message(
    say`${called(mentions)}${fact(alert)}`,
    ...(image ? [image] : []),
    context(`${hintText(alert.key.hint)} · ${traffic(alert)} · owner <@${alert.key.ownerId}>`),
    ...statusLines(alert).map((phrase) => sentenceBlock(phrase)),
    isDirect && alert.ownerRole === 'member' ? askButtons(alert) : buttons(alert),
  )
}

/** The reply in the thread for a step. It mentions people, since an edited message notifies nobody. */
export const alertReply = (step: Step, image?: ImageBlock): Message =>
  message(stepWords(step), ...(image ? [image] : []))

const keyRef = (alert: Alert) => ({ ...alert.key, workspaceId: alert.workspaceId })

const findingRef = (alert: Alert) => ref(alert.workspaceId, alert.findingId)

/** The usual remedies are buttons, at most one of them red; the rest is in the menu. */
function buttons(alert: Alert): KnownBlock {
  if (alert.kind === 'unusual-use') return useButtons(alert)
  const { kind, key, snoozed, acknowledged } = alert
  const label = (text: string) => ({ label: `${text} ${key.name}` })
  const act = (text: string, id: string) => button(text, id, findingRef(alert), label(text))
  const asks = asksIfNeeded(kind)
  const shown = [
    ...(asks ? [act('Still needed', 'alert.needed')] : [remedy(alert)]),
    ...(asks && key.isActive ? [deactivate(alert)] : []),
    ...(acknowledged || asks ? [] : [act("I'm on it", 'alert.take')]),
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
    ? [act('Quarantine key', 'alert.quarantine', 'danger')]
    : [activate(alert, useFacts(alert).quarantinedAt, 'primary')]
  return actions(
    ...stop,
    go('View usage', 'usage', keyRef(alert)),
    ...(key.isActive ? [act('Expected', 'alert.expected')] : []),
    menu(alert, [
      'compromised',
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

/** The usual remedy. A key that has ended can only be viewed. */
function remedy(alert: Alert): Button {
  if (alert.kind === 'orphaned') return go('Change owner', 'edit', keyRef(alert))
  if (alert.kind === 'dead-key-in-use') return go('View usage', 'usage', keyRef(alert))
  return go('Rotate', 'rotate', keyRef(alert), { style: 'primary' })
}

const deactivate = (alert: Alert) => go('Deactivate', 'deactivate', keyRef(alert), { style: 'danger' })

/** For an owner who may not act: whom to ask, and the details. */
const askButtons = (alert: Alert): KnownBlock =>
  actions(
    ...(asksIfNeeded(alert.kind)
      ? [
          button('Still needed', 'alert.needed', findingRef(alert), {
            label: `Still needed: ${alert.key.name}`,
          }),
        ]
      : []),
    button('Ask a manager', 'alert.ask', findingRef(alert), {
      label: `Ask a manager about ${alert.key.name}`,
    }),
    go('View usage', 'usage', keyRef(alert)),
  )

/** An entry runs a command on the key, or acts on the finding. */
const entries = {
  usage: 'View usage',
  rotate: 'Rotate',
  compromised: 'Rotate as compromised',
  deactivate: 'Deactivate',
  take: "I'm on it",
  snooze: 'Snooze',
  wake: 'Wake',
  assign: 'Assign',
  ask: 'Ask a manager',
  needed: 'Still needed',
  quarantine: 'Quarantine key',
  expected: 'Expected',
} as const
export type Entry = keyof typeof entries
const onKey: readonly Entry[] = ['usage', 'rotate', 'compromised', 'deactivate']

/** A menu whose values carry the action and its key or finding. Slack allows five entries. */
export const menu = (alert: Alert, wanted: readonly Entry[]): Overflow => ({
  type: 'overflow',
  action_id: `alert.menu.${alert.findingId}`,
  options: wanted.slice(0, 5).map((entry) => {
    const id = onKey.includes(entry) ? alert.key.id : alert.findingId
    // A rotation carries its reason.
    const does = entry === 'compromised' ? `rotate ${id} compromised` : `${entry} ${id}`
    return option(entries[entry], ref(alert.workspaceId, does))
  }),
})

export function traffic(alert: Alert): string {
  if (!alert.lastUsedAt) return 'never used'
  return `${count(alert.requests, 'request')}, last used ${mrkdwnDate(alert.lastUsedAt, '{date_short_pretty} at {time}')}`
}
