import { type Phrase, say } from '../../foundation/words.ts'
import { type Message, message } from '../blocks.ts'
import type { Caller } from '../caller.ts'
import { sentenceBlock } from '../phrase.ts'

export type HelpLine = { usage: string; means: string }

/** One screen: what this person may do here, one meaning and the exact command a line. */
export function helpMessage({ actor, workspace }: Caller, lines: readonly HelpLine[]): Message {
  const title = say`Keywarden · ${{ name: workspace.name }} · you are ${actor.role}`
  const rows: Phrase[] = lines.map((line) => say`${{ code: `/keys ${line.usage}` }}  ${line.means}`)
  const body = rows.flatMap((row, i) => (i === 0 ? row : ['\n', ...row]))
  const footer = say`KEY: a name, or the hint that lists show, such as ${{ code: 'tml_Ab3d' }}.`
  return message(title, sentenceBlock(body), sentenceBlock(footer))
}
