import type { Alert, FindingAction, Step } from '../../../alerts/alert.ts'
import type { Resolution } from '../../../findings/finding.ts'
import { join, type Phrase, say, who } from '../../../foundation/words.ts'
import { kindWords } from './kinds.ts'

/** The finding in one sentence. */
export const fact = (alert: Alert, step = alert.step): Phrase => kindWords[alert.kind].fact(alert, step)

/** People's answers to the alert that still apply. */
export function statusLines(alert: Alert): Phrase[] {
  const { acknowledged, assigned, snoozed } = alert
  return [
    ...(acknowledged ? [say`${who(acknowledged.by)} is on it since ${{ moment: acknowledged.at }}.`] : []),
    ...(assigned ? [say`${who(assigned.by)} gave it to ${who(assigned.to)}.`] : []),
    ...(snoozed
      ? [say`Snoozed by ${who(snoozed.by)} until ${{ moment: snoozed.until }}: ${{ name: snoozed.reason }}`]
      : []),
  ]
}

const resolutionWords: Record<Resolution['what'], string> = {
  deactivated: 'Deactivated',
  revoked: 'Revoked',
  rotated: 'Rotated',
  silent: 'Not presented for a day; noticed',
  apart: 'No longer used by several at once; noticed',
  used: 'In use again; noticed',
  needed: 'Still needed, said',
  reassigned: 'It has another owner, or its owner is back; noticed',
  over: 'Nobody acted, and it stopped working; closed',
  'handed-over': 'Given to another owner',
  returned: 'Its owner is back; noticed',
  policy: 'No longer so, since the policy changed; noticed',
  renewed: 'No longer so; noticed',
  calm: 'Nothing strange for days; closed',
  expected: 'Expected, said',
  activated: 'Activated again',
  fleet: 'Part of what many keys did at once; closed',
}

/** How the finding ended: what was done, by whom, when. */
export function ending(alert: Alert): Phrase {
  const { what, by, at } = alert.resolution!
  const moment = { moment: new Date(at) }
  const undo = wasPausedByJob(alert) ? ' Activating it is one click.' : ''
  return say`${{ name: alert.key.name }}: ${resolutionWords[what]} by ${by ? who(by) : 'Keywarden'} on ${moment}.${undo}`
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
  const reason = { name: action.reason ?? '' }
  const until = action.until ? { moment: new Date(action.until) } : ''
  switch (action.what) {
    case 'acknowledged':
      return say`${by} is on it: ${name}.`
    case 'snoozed':
      return say`${by} snoozed ${name} until ${until}: ${reason}`
    case 'woken':
      return say`${by} ended the snooze of ${name}.`
    case 'assigned':
      return say`${who(action.to ?? '')} ${by} gave you ${name}.`
    case 'asked':
      return say`${called(mentions)}${by} asks a manager to act on ${name}.`
  }
}
