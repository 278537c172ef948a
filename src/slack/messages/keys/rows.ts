import type { KnownBlock, SectionBlock } from '@slack/types'
import type { KeyWithUsage } from '../../../keys/key.ts'
import type { Actor } from '../../../members/actor.ts'
import { may } from '../../../policy/may.ts'
import { context, option, plainSection } from '../../blocks.ts'
import { isolate } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { keyLine } from './key.ts'

/** Two blocks per key: its name with a menu, and a line of facts. */
export const keyRows = (keys: readonly KeyWithUsage[], actor: Actor, now: Date): KnownBlock[] =>
  keys.flatMap((key): KnownBlock[] => [
    nameSection(shownName(key), menu(key, actor)),
    context(keyLine(key, now)),
  ])

/** A name without markup that begins and ends as bold text may. */
const unmarked = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{Extended_Pictographic} ()./%+,'-]*[\p{L}\p{N})])?$/u

/** A name in bold. One that markup could change stays plain: bold needs markup where there is a menu beside. */
function nameSection(name: string, more: Partial<SectionBlock>): KnownBlock {
  if (!unmarked.test(name)) return plainSection(isolate(name), more)
  return { type: 'section', text: { type: 'mrkdwn', text: `*${isolate(name)}*` }, ...more }
}

/** Marks a key that has a successor, since both carry the name. */
const shownName = (key: KeyWithUsage): string => (key.successorId ? `${key.name} (old)` : key.name)

/** The actions that this person may take on this key in its current state. */
function menu(key: KeyWithUsage, actor: Actor) {
  const subject = { workspaceId: key.workspaceId, ownerId: key.ownerId }
  const entries = [
    ['View usage', 'usage', may(actor, 'key.show', subject)],
    ['Edit', 'edit', may(actor, 'key.edit', subject)],
    ['Deactivate', 'deactivate', key.status === 'active' && may(actor, 'key.deactivate', subject)],
    ['Activate', 'activate', key.status === 'inactive' && may(actor, 'key.activate', subject)],
    ['Rotate', 'rotate', key.hint !== null && !key.successorId && may(actor, 'key.rotate', subject)],
    ['Revoke', 'revoke', may(actor, 'key.revoke', subject)],
  ] as const
  const options = entries
    .filter(([, , allowed]) => allowed)
    .map(([text, verb]) => option(text, ref(key.workspaceId, `${verb} ${key.id}`)))
  // Slack refuses an empty menu.
  if (options.length === 0) return {}
  return { accessory: { type: 'overflow', action_id: `go.menu.${key.id}`, options } } as const
}
