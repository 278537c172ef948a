import type { Alert } from '../../alerts/channel.ts'
import { type Phrase, say, who } from '../../foundation/words.ts'
import { actions, context, go, type Message, message } from '../blocks.ts'
import { mrkdwnDate } from '../phrase.ts'
import { count } from './key.ts'

/** The parent message: how things stand now. A resolved one says who did what, and has no buttons. */
export function alertMessage(alert: Alert, first: boolean): Message {
  if (alert.resolution) return message(resolved(alert))
  const sentence = first ? say`${{ user: alert.key.ownerId }} ${present(alert)}` : present(alert)
  return message(
    sentence,
    context(`\`${alert.key.hint}\` · ${traffic(alert)} · owner <@${alert.key.ownerId}>`),
    actions(
      go(
        'Deactivate',
        'deactivate',
        { ...alert.key, workspaceId: alert.workspaceId },
        {
          style: 'danger',
          label: `Deactivate ${alert.key.name}`,
        },
      ),
    ),
  )
}

/** The thread's reply for a step; the owner is mentioned, since an edited message notifies nobody. */
export const alertReply = (alert: Alert): Message =>
  alert.resolution ? message(resolved(alert)) : message(say`${{ user: alert.key.ownerId }} ${present(alert)}`)

function present(alert: Alert): Phrase {
  const name = { name: alert.key.name }
  const at = { moment: alert.key.expiresAt! }
  if (alert.step === 'expired') return say`${name} stopped working on ${at}.`
  return say`${name} stops working on ${at}.`
}

function traffic(alert: Alert): string {
  if (!alert.lastUsedAt) return 'never used'
  return `${count(alert.requests, 'request')}, last used ${mrkdwnDate(alert.lastUsedAt, '{date_short_pretty} at {time}')}`
}

const deeds = {
  deactivated: 'Deactivated',
  revoked: 'Revoked',
  renewed: 'No longer expiring; changed',
} as const

function resolved({ key, resolution }: Alert): Phrase {
  const by = resolution!.by ? who(resolution!.by) : 'Keywarden'
  return say`${{ name: key.name }}: ${deeds[resolution!.what]} by ${by} on ${{ moment: new Date(resolution!.at) }}.`
}
