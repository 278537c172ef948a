import type { KnownBlock } from '@slack/types'
import { type Phrase, say } from '../../../foundation/words.ts'
import type { InboxCount } from '../../../inbox/inbox.ts'
import type { Key } from '../../../keys/key.ts'
import { aRole } from '../../../members/member.ts'
import { actions, button, context, cut, go, type Message, message, namesWorkspace } from '../../blocks.ts'
import type { Caller } from '../../caller.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { allIsWell, numberOf } from './inbox.ts'

/** How a command is typed, what it does in a few words, and further details. */
export type HelpLine = readonly [usage: string, summary: string, details: string]

/** The commands that this person may use, one per line, on one screen. */
export function helpMessage({ actor, workspace }: Caller, lines: readonly HelpLine[]): Message {
  const rows: Phrase[] = lines.map(([usage, summary]) => say`${{ code: `/keys ${usage}` }}  ${summary}`)
  const body = rows.flatMap((row, i) => (i === 0 ? row : ['\n', ...row]))
  const footer = say`KEY: a name or hint (${{ code: 'tml_Ab3d' }}). Leave it out and I’ll ask. With several workspaces, add ${{ code: 'in:WORKSPACE' }}.`
  return greeting({ actor, workspace }, sentenceBlock(body), sentenceBlock(footer))
}

/** A message that begins with where its reader is, and as what. */
function greeting(
  { actor, workspace }: Pick<Caller, 'actor' | 'workspace'>,
  ...blocks: KnownBlock[]
): Message {
  const words = say`Keywarden · ${{ name: workspace.name }} · you are ${aRole(actor.role)}`
  return { text: message(words).text, blocks: [namesWorkspace(sentenceBlock(words)), ...blocks] }
}

/** One command in full. */
export const verbHelpMessage = ([usage, summary, details]: HelpLine): Message =>
  message(say`${{ code: `/keys ${usage}` }}  ${summary}`, sentenceBlock(say`${details}`))

/** There is no such verb: a button for the one that was probably meant, with the key if one was named. */
export function guessMessage(
  workspaceId: string,
  typed: string,
  verb: string | undefined,
  key: Key | undefined,
): Message {
  const said = say`There is no command ${{ code: `/keys ${cut(typed, 40)}` }}.`
  if (!verb)
    return message(
      say`${said} No key matches either. See ${{ code: '/keys help' }}.`,
      actions(button('Help', 'go.help.guess', ref(workspaceId, 'help'))),
    )
  const shown = capital(verb)
  return message(
    say`${said} Did you mean:`,
    actions(
      key
        ? go(cut(`${shown} ${key.name}`, 75), verb, key, { label: `${shown} ${key.name}` })
        : button(shown, `go.${verb}.guess`, ref(workspaceId, verb)),
    ),
  )
}

const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1)

/** `/keys` alone: the most common actions. */
export function startMessage(
  { actor, workspace }: Caller,
  can: { create: boolean; request: boolean },
  count: InboxCount,
): Message {
  const run = (text: string, verb: string, style?: 'primary') =>
    button(text, `go.${verb.split(' ')[0]}.start`, ref(workspace.id, verb), style ? { style } : {})
  return greeting(
    { actor, workspace },
    actions(
      ...(can.create ? [run('Create key', 'create', 'primary')] : []),
      ...(can.request ? [run('Request a key', 'request', 'primary')] : []),
      button(
        'My keys',
        'list.turn.mine',
        ref(workspace.id, JSON.stringify({ filter: { status: 'mine' }, from: 0 })),
      ),
      ...(count.open > 0
        ? [button(`Needs attention: ${numberOf(count.open)}`, 'inbox.turn.start', ref(workspace.id, 'all'))]
        : []),
      run('Help', 'help'),
    ),
    ...(count.open > 0 ? [] : [context(`Needs attention: ${allIsWell(count)}`)]),
  )
}
