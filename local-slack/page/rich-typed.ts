/** A rich_text_input's value is a rich_text block as JSON; what is typed here is plain lines in it. */
export function richFromText(text: string): string {
  const elements = [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }]
  return JSON.stringify({ type: 'rich_text', elements })
}

type Node = { text?: string; elements?: Node[] }

/** The words of a rich_text block, one line a section. */
export function textFromRich(json: string): string {
  const words = (node: Node): string => node.text ?? (node.elements ?? []).map(words).join('')
  return ((JSON.parse(json) as Node).elements ?? []).map(words).join('\n')
}
