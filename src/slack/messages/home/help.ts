import { type Phrase, say } from '../../../foundation/words.ts'
import { actions, button, type Message, message } from '../../blocks.ts'
import type { Caller } from '../../caller.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'

/** How a command is typed, what it does in a few words, and further details. */
export type HelpLine = readonly [usage: string, summary: string, details: string]

/** The commands that this person may use, one per line, on one screen. */
export function helpMessage({ actor, workspace }: Caller, lines: readonly HelpLine[]): Message {
  const title = say`Keywarden · ${{ name: workspace.name }} · you are ${actor.role}`
  const rows: Phrase[] = lines.map(([usage, summary]) => say`${{ code: `/keys ${usage}` }}  ${summary}`)
  const body = rows.flatMap((row, i) => (i === 0 ? row : ['\n', ...row]))
  const footer = say`KEY: a name or hint (${{ code: 'tml_Ab3d' }}). Leave it out and I ask. With several workspaces, add ${{ code: 'in:WORKSPACE' }}.`
  return message(title, sentenceBlock(body), sentenceBlock(footer))
}

/** One command in full. */
export const verbHelpMessage = ([usage, summary, details]: HelpLine): Message =>
  message(say`${{ code: `/keys ${usage}` }}  ${summary}`, sentenceBlock(say`${details}`))

/** `/keys` alone: the most common actions. */
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
