import { say } from '../../../foundation/words.ts'
import type { Key } from '../../../keys/key.ts'
import type { Actor } from '../../../members/actor.ts'
import { isAtLeast, may } from '../../../policy/may.ts'
import { actions, go, type Message, message } from '../../blocks.ts'

/** Advice about a token that was typed in a chat. The token is not repeated. */
export function wholeKeyMessage(key: Key | undefined, actor: Actor): Message {
  const warning = say`That is a whole key. Anyone who saw it can use it. I did not keep it.`
  // The token may belong to another person, which only managers may learn.
  const manages = actor.kind === 'member' && isAtLeast(actor.role, 'manager')
  if (!key) return message(manages ? warning : say`${warning} Tell a manager or an owner now.`)
  if (key.status === 'revoked') return message(warning)
  const subject = { workspaceId: key.workspaceId, ownerId: key.ownerId }
  const said = say`${warning} It belongs to ${{ name: key.name }}.`
  if (!may(actor, 'key.revoke', subject)) return message(say`${said} Tell a manager or an owner now.`)
  return message(
    said,
    actions(
      go('Revoke key', 'revoke', key, { style: 'danger' }),
      go('Rotate as compromised', 'rotate', key, { more: 'compromised' }),
    ),
  )
}
