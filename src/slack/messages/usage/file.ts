import { say } from '../../../foundation/words.ts'
import { type Message, message } from '../../blocks.ts'

/** Says where the file is; the file is its own message. */
export const csvSentMessage = (name: string): Message =>
  message(say`The usage of ${{ name }} is in your messages with Keywarden, as a file for a spreadsheet.`)

/** The room for figures in a message, beside the words around them. */
const maxCharacters = 8_000

/** The figures as text where no file may be uploaded: as many of the latest lines as fit. */
export function noFilesMessage(name: string, csv: string): Message {
  const [head = '', ...lines] = csv.replace('\ufeff', '').trim().split('\r\n')
  const kept = latest(lines)
  const rest =
    kept.length < lines.length
      ? say` These are the latest ${kept.length} lines of ${lines.length}; an operator has the rest: ${{ code: 'keywarden usage export' }}.`
      : ''
  return message(
    say`Slack does not let me upload files here, so this is the usage of ${{ name }} as text. Copy it into a file.${rest}`,
    {
      type: 'rich_text',
      elements: [
        { type: 'rich_text_preformatted', elements: [{ type: 'text', text: [head, ...kept].join('\n') }] },
      ],
    },
  )
}

function latest(lines: readonly string[]): string[] {
  let characters = 0
  const first = lines.findLastIndex((line) => {
    characters += line.length + 1
    return characters > maxCharacters
  })
  return lines.slice(first + 1)
}
