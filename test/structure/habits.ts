import { type AstNode, lineOf, nodesIn, type Source } from './source.ts'

type Found = { node: AstNode; parent?: AstNode }
type Habit = (found: Found, source: Source) => boolean

/** Where a file may ask real time or chance itself; everything else is given a clock and a random source. */
const mayAskTime = [
  'src/foundation/clock.ts',
  // Slack's signatures, its dialogs and a verifier's leases are about real time, not about the calendar.
  'src/slack/receivers.ts',
  'src/slack/dispatch/submissions.ts',
  'src/slack/dispatch/double-clicks.ts',
  'src/leases/lease.ts',
]
// A temporary file needs a name that nobody else has; nothing else hangs on it.
const mayAskChance = ['src/foundation/random.ts', 'src/audit/signing.ts']
const mayOpenTokens = 'src/slack/messages/keys/show-once.ts'

const isCall = (node: AstNode | undefined): node is AstNode & { callee: AstNode; arguments: AstNode[] } =>
  node?.type === 'CallExpression' || node?.type === 'NewExpression'

/** `Date.now` as "Date.now", `fn.now` as "fn.now", `Date` as "Date". */
function nameOf(node: AstNode): string {
  if (node.type === 'Identifier') return String(node.name)
  if (node.type !== 'MemberExpression') return ''
  const property = node.property as AstNode
  return `${nameOf(node.object as AstNode)}.${node.computed ? property.value : nameOf(property)}`
}

const words = (node: AstNode): string | undefined => {
  if (node.type === 'TemplateElement') return (node.value as { raw: string }).raw
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
}

const chance = /^(randomBytes|randomUUID|randomInt|randomFillSync|randomFill|webcrypto|getRandomValues)$/
export const sqlTime =
  /\b(now|transaction_timestamp|statement_timestamp)\s*\(|\bcurrent_(timestamp|date|time)\b|\blocaltime(stamp)?\b/i

/** The forbidden habits, by the sentence that reports each. */
const habits: Record<string, Habit> = {
  'uses any': ({ node }) => node.type === 'TSAnyKeyword',
  'asks the real time': ({ node }, { path }) =>
    !mayAskTime.includes(path) &&
    // Named is asked: it may be a default of a parameter.
    (nameOf(node) === 'Date.now' ||
      (isCall(node) && nameOf(node.callee) === 'Date' && node.arguments.length === 0)),
  'asks chance': ({ node }, { path }) =>
    !mayAskChance.includes(path) &&
    ((isCall(node) && nameOf(node.callee) === 'Math.random') ||
      (node.type === 'MemberExpression' && chance.test(nameOf(node).replace(/.*\./, ''))) ||
      (node.type === 'ImportSpecifier' && chance.test(nameOf(node.imported as AstNode)))),
  'lets SQL ask the time': ({ node }) =>
    sqlTime.test(words(node) ?? '') || (isCall(node) && /(^|\.)fn\.now$/.test(nameOf(node.callee))),
  // Other things are opened too, but each with arguments: views.open({...}). Without its token the method throws.
  'opens a token': ({ node }, { path }) =>
    path !== mayOpenTokens &&
    ((isCall(node) && nameOf(node.callee).endsWith('.open') && node.arguments.length === 0) ||
      /\.open\.(bind|call|apply)$/.test(nameOf(node))),
  // Knex's commit() resolves when COMMIT failed too; `transact` and `db.transaction(work)` do not.
  'commits by hand': ({ node }) =>
    node.type === 'MemberExpression' && nameOf(node).replace(/.*\./, '') === 'commit',
}

/** Each place where a source has one of these habits. */
export function badHabits(sources: readonly Source[], wanted = Object.keys(habits)): string[] {
  return sources.flatMap((source) =>
    [...nodesIn(source.statements)].flatMap((found) =>
      wanted
        .filter((habit) => habits[habit]!(found, source))
        .map((habit) => `${lineOf(source, found.node)} ${habit}`),
    ),
  )
}

/** Comments that silence the compiler. */
export const silenced = (sources: readonly Source[]): string[] =>
  sources.flatMap(({ path, comments }) =>
    comments
      .filter((text) => /@ts-(ignore|nocheck|expect-error)/.test(text))
      .map((text) => `${path}:${text}`),
  )

const suites = /^(test|it|describe|suite|bench)(\.\w+)*\.only$/

/** Tests that keep all others from running. */
export const alone = (sources: readonly Source[]): string[] =>
  sources.flatMap((source) =>
    [...nodesIn(source.statements)]
      .filter(({ node }) => node.type === 'MemberExpression' && suites.test(nameOf(node)))
      .map(({ node }) => `${lineOf(source, node)} runs alone`),
  )
