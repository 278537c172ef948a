import { isEmoji } from './emoji.ts'

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'bold' | 'italic' | 'strike'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; url: string; text: string }
  | { kind: 'user' | 'channel' | 'usergroup'; id: string; label?: string }
  | { kind: 'broadcast'; range: string }
  | { kind: 'date'; timestamp: number; format: string; url?: string; fallback: string }
  | { kind: 'emoji'; name: string }

export type Paragraph =
  | { kind: 'paragraph' | 'quote'; children: Inline[] }
  | { kind: 'preformatted'; text: string }

const EMPHASIS = { '*': 'bold', _: 'italic', '~': 'strike' } as const

/** Reads Slack's mrkdwn (which is not Markdown) into paragraphs, quotes and preformatted text. */
export function parseMrkdwn(source: string): Paragraph[] {
  return source
    .split(/```([\s\S]+?)```/)
    .flatMap((part, index): Paragraph[] =>
      index % 2 === 1
        ? [{ kind: 'preformatted', text: unescapeText(part.replace(/^\n|\n$/g, '')) }]
        : paragraphs(part),
    )
}

/** The three characters that Slack escapes, back to themselves. */
function unescapeText(text: string): string {
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')
}

/** Typed text as Slack's own client changes it before it is sent. */
export function escapeText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}

/** Replaces `:name:` by emoji nodes and touches nothing else, as Slack does in plain_text. */
export function parseEmoji(text: string): Inline[] {
  const out: Inline[] = []
  let rest = 0
  for (const match of text.matchAll(/:([a-z0-9_+-]+):/g)) {
    if (match.index < rest || !isEmoji(match[1]!)) continue
    if (match.index > rest) out.push({ kind: 'text', text: text.slice(rest, match.index) })
    out.push({ kind: 'emoji', name: match[1]! })
    rest = match.index + match[0].length
  }
  if (rest < text.length) out.push({ kind: 'text', text: text.slice(rest) })
  return out
}

function paragraphs(source: string): Paragraph[] {
  const out: { kind: 'paragraph' | 'quote'; lines: string[] }[] = []
  for (const line of source.replace(/^\n|\n$/g, '').split('\n')) {
    const quoted = /^(?:>|&gt;) ?/.exec(line)
    const kind = quoted ? 'quote' : 'paragraph'
    const text = quoted ? line.slice(quoted[0].length) : line
    const last = out.at(-1)
    if (last?.kind === kind) last.lines.push(text)
    else out.push({ kind, lines: [text] })
  }
  return out
    .map(({ kind, lines }) => ({ kind, children: parseInline(lines.join('\n')) }))
    .filter(({ children }) => children.length > 0)
}

function parseInline(source: string): Inline[] {
  const out: Inline[] = []
  let text = ''
  const flush = () => {
    if (text) out.push({ kind: 'text', text: unescapeText(text) })
    text = ''
  }
  for (let at = 0; at < source.length; ) {
    const found = nodeAt(source, at)
    if (!found) {
      text += source[at++]
      continue
    }
    flush()
    out.push(found.node)
    at += found.length
  }
  flush()
  return out
}

function nodeAt(source: string, at: number): { node: Inline; length: number } | undefined {
  const sticky = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.exec(source)
  }
  const control = sticky(/<([^<>\n]+)>/y)
  if (control) return { node: controlNode(control[1]!), length: control[0].length }
  const code = sticky(/`([^`\n]+)`/y)
  if (code) return { node: { kind: 'code', text: unescapeText(code[1]!) }, length: code[0].length }
  const emoji = sticky(/:([a-z0-9_+-]+):/y)
  if (emoji && isEmoji(emoji[1]!)) {
    return { node: { kind: 'emoji', name: emoji[1]! }, length: emoji[0].length }
  }
  if (at > 0 && /[\p{L}\p{N}]/u.test(source[at - 1]!)) return undefined
  const url = sticky(/https?:\/\/[^\s<>|]*[^\s<>|.,;:!?)]/y)
  if (url)
    return {
      node: { kind: 'link', url: unescapeText(url[0]), text: unescapeText(url[0]) },
      length: url[0].length,
    }
  const emphasis = sticky(/([*_~])(?!\1)(?=\S)([^\n]*?[^\s])\1(?![\p{L}\p{N}])/uy)
  if (!emphasis) return undefined
  const kind = EMPHASIS[emphasis[1] as keyof typeof EMPHASIS]
  return { node: { kind, children: parseInline(emphasis[2]!) }, length: emphasis[0].length }
}

/** The text between angle brackets: a mention, a date or a link, with its label after a bar. */
function controlNode(inner: string): Inline {
  const bar = inner.indexOf('|')
  const target = bar < 0 ? inner : inner.slice(0, bar)
  const label = bar < 0 ? undefined : unescapeText(inner.slice(bar + 1))
  if (target.startsWith('@')) return { kind: 'user', id: target.slice(1), label }
  if (target.startsWith('#')) return { kind: 'channel', id: target.slice(1), label }
  if (target.startsWith('!subteam^')) return { kind: 'usergroup', id: target.slice(9), label }
  if (target.startsWith('!date^')) {
    const [, timestamp, format, url] = target.split('^')
    return {
      kind: 'date',
      timestamp: Number(timestamp),
      format: unescapeText(format ?? ''),
      ...(url && { url: unescapeText(url) }),
      fallback: label ?? '',
    }
  }
  if (target.startsWith('!')) return { kind: 'broadcast', range: label ?? target.slice(1) }
  const url = unescapeText(target)
  return { kind: 'link', url, text: label ?? url.replace(/^mailto:/, '') }
}
