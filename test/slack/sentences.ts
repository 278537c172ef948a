import { type AstNode, nodesIn, parse, readTree } from '../structure/source.ts'

/** Where sentences for people are written: what Slack shows, and the refusals and acts that it repeats. */
const folders = [
  'src/acts',
  'src/alerts',
  'src/audit',
  'src/canary',
  'src/directory',
  'src/findings',
  'src/foundation',
  'src/keys',
  'src/leases',
  'src/members',
  'src/notifications',
  'src/offboarding',
  'src/policy',
  'src/reviews',
  'src/rotation',
  'src/slack',
  'src/workspaces',
]

/** What is no sentence although it has blanks: queries, log lines, and the shell's texts. */
const notForPeople =
  /^(select|insert|update|delete|with|set|lock|notify|listen|create|alter|on conflict|exists|case|coalesce|join|left join|from|where|order by|or |and |keys\.|not )\b/i

/**
 * Every text with a blank in it that the source can put before a person, each once, a value being `{}`. It comes from
 * the source, so that a sentence nobody has rendered is there too.
 */
export function sentencesInSource(): string[] {
  const found = new Set<string>()
  for (const { statements } of parse(readTree(...folders)))
    for (const { node, parent } of nodesIn(statements)) {
      const text = textOf(node)
      if (text === undefined || !isProse(text) || isHidden(node, parent)) continue
      found.add(text.replace(/\s*\n\s*/g, ' ').trim())
    }
  return [...found].sort()
}

function textOf(node: AstNode): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node.type !== 'TemplateLiteral') return undefined
  const quasis = node.quasis as { value: { cooked: string } }[]
  return quasis.map(({ value }) => value.cooked).join('{}')
}

const isProse = (text: string): boolean =>
  /[A-Za-z]{2,}[,;:.)]? [A-Za-z({]/.test(text) &&
  !notForPeople.test(text.trim()) &&
  !/\b(?:select|where|from) \w+\b.*(?:=|\?)/.test(text)

const logging = new Set(['warn', 'error', 'info', 'debug'])

/** Imports, log lines, queries and errors for programmers are read by nobody in Slack. */
function isHidden(node: AstNode, parent: AstNode | undefined): boolean {
  if (!parent) return false
  if (parent.type === 'ImportDeclaration' || parent.type === 'TSLiteralType') return true
  const callee = parent.callee as AstNode | undefined
  if (parent.type === 'NewExpression' && /Error$/.test(String(callee?.name))) return true
  if (parent.type !== 'CallExpression') return false
  const name = String((callee?.property as AstNode | undefined)?.name ?? '')
  return logging.has(name) || /raw$/i.test(name) || (name === 'describe' && parent.arguments !== node)
}
