import { type AstNode, lineOf, nodesIn, type Source } from './source.ts'

type LogEvent = { event: string; level: string }

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
const eventName = /^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$/

/** Every log call, with the event that its first argument names; a call without one is in `unnamed` by its line. */
export function logEvents(sources: readonly Source[]): { events: LogEvent[]; unnamed: string[] } {
  const events: LogEvent[] = []
  const unnamed: string[] = []
  for (const source of sources)
    for (const { node } of nodesIn(source.statements)) {
      const level = levelOf(node)
      if (!level) continue
      const event = eventOf((node.arguments as AstNode[])[0])
      if (event) events.push({ event, level })
      else unnamed.push(lineOf(source, node))
    }
  return { events, unnamed }
}

/** `warn` of `log.warn(...)`, and of whatever else a log may be called; the console is none. */
function levelOf(node: AstNode): string | undefined {
  const callee = node.type === 'CallExpression' ? (node.callee as AstNode) : undefined
  if (callee?.type !== 'MemberExpression') return undefined
  const owner = callee.object as AstNode
  const ownerName = (owner.type === 'MemberExpression' ? owner.property : owner) as AstNode
  const level = String((callee.property as AstNode).name)
  if (ownerName.name === 'log' && (callee.computed || level === 'child')) return 'unknown'
  if (!levels.includes(level) || ownerName.name === 'console') return undefined
  // Slack and Redis have an `info` that is a question; Bolt and the command line have an `error` of their own.
  return ['info', 'error'].includes(level) && !/^log/.test(String(ownerName.name)) ? undefined : level
}

function eventOf(argument: AstNode | undefined): string | undefined {
  if (argument?.type !== 'ObjectExpression') return undefined
  const property = (argument.properties as AstNode[]).find(
    (one) => one.type === 'Property' && (one.key as AstNode).name === 'event',
  )
  const value = (property?.value as AstNode | undefined)?.value
  return typeof value === 'string' && eventName.test(value) ? value : undefined
}

/** The members of a type that is a union of strings. */
export function unionMembers(source: Source, name: string): string[] {
  const declaration = [...nodesIn(source.statements)].find(
    ({ node }) => node.type === 'TSTypeAliasDeclaration' && (node.id as AstNode).name === name,
  )
  return [...nodesIn(declaration?.node.typeAnnotation)].flatMap(({ node }) =>
    node.type === 'Literal' ? [String(node.value)] : [],
  )
}

/** The cells of the first table under a heading of a page, without its head; codes without their backticks. */
export function tableUnder(page: string, heading: string): string[][] {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const lines = section
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| '))
  return lines.slice(2).map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.replace(/^`([^`]*)`$/, '$1')),
  )
}
