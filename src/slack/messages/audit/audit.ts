import { describe } from '../../../audit/describe.ts'
import type { RecordedEvent } from '../../../audit/list.ts'
import { join, say } from '../../../foundation/words.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { actions, button, header, type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'

export const auditPage = 15

/** The part of the audit that a message shows. */
export type AuditTurn = { keyId?: string; actorId?: string; before?: number }

/** A page of the audit, newest first. */
export function auditMessage(
  events: readonly RecordedEvent[],
  turn: AuditTurn,
  workspace: Workspace,
): Message {
  if (events.length === 0)
    return message(say`Nothing is recorded ${turn.before ? 'before that' : 'about that'}.`)
  const lines = events.map((event) => say`${{ moment: event.at }}  ${describe(event)}`)
  const older: AuditTurn = { ...turn, before: events.at(-1)!.seq }
  return {
    text: message(say`The audit of ${{ name: workspace.name }}.`).text,
    blocks: [
      header('Audit'),
      sentenceBlock(join(lines, '\n')),
      ...(events.length === auditPage
        ? [actions(button('Older', 'audit.turn', ref(workspace.id, JSON.stringify(older))))]
        : []),
    ],
  }
}
