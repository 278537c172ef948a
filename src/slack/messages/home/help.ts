import { type Phrase, say } from '../../../foundation/words.ts'
import { actions, button, type Message, message } from '../../blocks.ts'
import type { Caller } from '../../caller.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'

/** How a command is typed, what it means in a few words, and what else is worth knowing. */
export type HelpLine = readonly [usage: string, deps: string, more: string]

/** One screen: what this person may do here, one meaning and the exact command a line. */
export function helpMessage({ actor, workspace }: Caller, lines: readonly HelpLine[]): Message {
  const title = say`Keywarden · ${{ name: workspace.name }} · you are ${actor.role}`
  const rows: Phrase[] = lines.map(([usage, deps]) => say`${{ code: `/keys ${usage}` }}  ${deps}`)
  const body = rows.flatMap((row, i) => (i === 0 ? row : ['\n', ...row]))
  const footer = say`KEY: a name or hint (${{ code: 'tml_Ab3d' }}). Leave it out and I ask. With several workspaces, add ${{ code: 'in:WORKSPACE' }}.`
  return message(title, sentenceBlock(body), sentenceBlock(footer))
}

/** One command in full. */
export const verbHelpMessage = ([usage, deps, more]: HelpLine): Message =>
  message(say`${{ code: `/keys ${usage}` }}  ${deps}`, sentenceBlock(say`${more}`))

/** `/keys` alone: the few things most people came for. */
export function startMessage(
  { actor, workspace }: Caller,
  can: { create: boolean; request: boolean },
  attention: number,
): Message {
  const run = (text: string, verb: string, style?: 'primary') =>
    button(text, `go.${verb.split(' ')[0]}.start`, ref(workspace.id, verb), style ? { style } : {})
  return message(
    say`Keywarden · ${{ name: workspace.name }} · you are ${actor.role}`,
    actions(
      ...(can.create ? [run('Create key', 'create', 'primary')] : []),
      ...(can.request ? [run('Request a key', 'request', 'primary')] : []),
      button(
        'My keys',
        'list.turn.mine',
        ref(workspace.id, JSON.stringify({ filter: { status: 'mine' }, from: 0 })),
      ),
      ...(attention > 0
        ? [
            button(
              `Needs attention: ${attention}`,
              'list.turn.attention',
              ref(workspace.id, JSON.stringify({ filter: { status: 'attention' }, from: 0 })),
            ),
          ]
        : []),
      run('Help', 'help'),
    ),
  )
}
