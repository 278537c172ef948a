import { say } from '../../../foundation/words.ts'
import { type Message, message } from '../../blocks.ts'

/** The room for lines in a message, beside the words around them. */
const maxCharacters = 8_000

/** A file as text, where Slack takes no files: as many of its lines as fit. */
export function fileInWords({ name, text }: { name: string; text: string }): Message {
  const lines = text.trim().split(/\r?\n/)
  let characters = 0
  const end = lines.findIndex((line) => {
    characters += line.length + 1
    return characters > maxCharacters
  })
  const kept = end < 0 ? lines : lines.slice(0, end)
  const rest =
    kept.length < lines.length
      ? say` These are the first ${kept.length} lines of ${lines.length}; the audit has all that was done: ${{ code: '/keys audit' }}.`
      : ''
  return message(
    say`Slack does not let me upload files here, so this is ${{ name }} as text. Copy it into a file.${rest}`,
    {
      type: 'rich_text',
      elements: [
        { type: 'rich_text_preformatted', elements: [{ type: 'text', text: kept.join('\n') || ' ' }] },
      ],
    },
  )
}
