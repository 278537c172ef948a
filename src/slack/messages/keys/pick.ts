import { say } from '../../../foundation/words.ts'
import type { KeyWithUsage } from '../../../keys/key.ts'
import { actions, go, type Message, message, option, plainText, select } from '../../blocks.ts'
import { ref } from '../../ref.ts'

/** The most options that a select in Slack takes. */
const max = 100

/** A choice of keys; choosing one runs the command on it. */
export function pickerMessage(keys: readonly KeyWithUsage[], verb: string, question: string): Message {
  if (keys.length === 0)
    return message(say`There is no key here yet. Make one with ${{ code: '/keys create' }}.`)
  const options = keys
    .slice(0, max)
    .map((key) => option(label(key), ref(key.workspaceId, `${verb} ${key.id}`), key.description || undefined))
  const menu = { ...select(options), action_id: `go.pick`, placeholder: plainText('Choose a key') }
  const more = keys.length >= max ? say` Not listed? Type ${{ code: `/keys ${verb} NAME` }}.` : ''
  return message(say`${question}${more}`, actions(menu))
}

const label = (key: KeyWithUsage): string => {
  const state = key.successorId ? ' (old)' : key.status === 'active' ? '' : ` (${key.status})`
  const end = ` ${key.hint ?? 'not revealed'}${state}`
  return `${[...key.name].slice(0, 70 - end.length).join('')}${end}`
}

/** No key has that name; lists a few with a similar one. */
export function nearMessage(words: string, near: readonly KeyWithUsage[]): Message {
  const said = say`No key is called ${{ name: words }}.`
  if (near.length === 0) return message(say`${said} See ${{ code: '/keys list' }}.`)
  return message(say`${said} Did you mean:`, actions(...near.map((key) => go(label(key), 'show', key))))
}
