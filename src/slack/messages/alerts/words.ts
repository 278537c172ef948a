import type { Alert, FindingAction, Step } from '../../../alerts/alert.ts'
import type { Resolution } from '../../../findings/finding.ts'
import { join, type Phrase, type Piece, say, who } from '../../../foundation/words.ts'
import { kindWords } from './kinds.ts'

/** The finding in one sentence. */
export const fact = (alert: Alert, step = alert.step): Phrase => kindWords[alert.kind].fact(alert, step)

/** People's answers to the alert that still apply. */
export function statusLines(alert: Alert): Phrase[] {
  const { acknowledged, assigned, snoozed } = alert
  return [
    ...(acknowledged
      ? [say`${who(acknowledged.by)} has been on it since ${{ moment: acknowledged.at }}.`]
      : []),
    ...(assigned ? [say`Assigned to ${who(assigned.to)} by ${who(assigned.by)}.`] : []),
    ...(snoozed
      ? [say`Snoozed by ${who(snoozed.by)} until ${{ moment: snoozed.until }}: “${snoozed.reason}”`]
      : []),
  ]
}

/** What a person, or the policy in Keywarden's hands, did about the key. */
const deeds: Partial<Record<Resolution['what'], (name: Piece) => Phrase>> = {
  deactivated: (name) => say`deactivated ${name}`,
  revoked: (name) => say`revoked ${name}`,
  rotated: (name) => say`rotated ${name}`,
  needed: (name) => say`marked ${name} as still needed`,
  'handed-over': (name) => say`gave ${name} to another owner`,
  expected: (name) => say`marked the use of ${name} as expected`,
  activated: (name) => say`activated ${name} again`,
}

/** What was found to be so, without anybody's doing. */
const findings: Partial<Record<Resolution['what'], string>> = {
  silent: 'no attempts with the ended key for a day',
  apart: 'no longer used by several systems at once',
  used: 'in use again',
  reassigned: 'it has another owner, or its owner is back',
  over: 'it expired without being rotated',
  returned: 'its owner is back',
  policy: 'the policy changed',
  renewed: 'resolved',
  calm: 'nothing unusual for days',
  fleet: 'merged into the alert about several keys',
}

/** How the finding ended: what was done, by whom, when. */
export function ending(alert: Alert): Phrase {
  const { what, by, at } = alert.resolution!
  const moment = { moment: new Date(at) }
  const name = { name: alert.key.name }
  const undo = wasPausedByJob(alert) ? ' Activating it is one click.' : ''
  const deed = deeds[what]
  if (deed) return say`${by ? who(by) : 'Keywarden'} ${deed(name)} on ${moment}.${undo}`
  return say`${name}: ${findings[what] ?? 'resolved'}. Closed on ${moment}.`
}

/** Whether the policy alone paused the key; the alert then keeps the button that activates it. */
export const wasPausedByJob = ({ resolution, key }: Alert): boolean =>
  resolution?.what === 'deactivated' && resolution.by?.startsWith('job:') === true && key.isPaused

/** The reply in the thread for a step. */
export function stepWords({ alert, step, action, mentions }: Step): Phrase {
  if (action) return actionPhrase(alert, action, mentions)
  if (alert.resolution) return say`${called(mentions)}${ending(alert)}`
  if (step.startsWith('eased'))
    return say`${called(mentions)}The notice is withdrawn: nothing will be deactivated. ${fact(alert)}`
  if (step.startsWith('woken')) return say`${called(mentions)}The snooze is over. ${fact(alert)}`
  return say`${called(mentions)}${fact(alert, step)}`
}

export const called = (mentions: readonly string[]): Phrase =>
  mentions.length === 0
    ? []
    : say`${join(
        mentions.map((user) => [{ user }]),
        ' ',
      )}: `

function actionPhrase({ key }: Alert, action: FindingAction, mentions: string[]): Phrase {
  const by = who(action.by)
  const name = { name: key.name }
  const reason = `“${action.reason ?? ''}”`
  const until = action.until ? { moment: new Date(action.until) } : ''
  switch (action.what) {
    case 'acknowledged':
      return say`${by} is on it: ${name}.`
    case 'snoozed':
      return say`${by} snoozed ${name} until ${until}: ${reason}`
    case 'woken':
      return say`${by} ended the snooze of ${name}.`
    case 'assigned':
      return say`${who(action.to ?? '')}: ${by} assigned ${name} to you.`
    case 'asked':
      return say`${called(mentions)}${by} asks a manager to act on ${name}.`
  }
}
