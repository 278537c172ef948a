import { type AstNode, lineOf, nodesIn, type Source } from './source.ts'

/**
 * Words that the code used in private senses, with what to write instead. Text that people read in Slack or a
 * terminal is not looked at: there a sentence may say "at most" or "tell a manager".
 */
const instead: Record<string, string> = {
  told: 'sent, reported, notified',
  tell: 'send, report, notify',
  tells: 'sends, reports, notifies',
  telling: 'sending, reporting',
  untold: 'unannounced, unsent',
  door: 'entry point, server, bot',
  doors: 'entry points',
  letter: 'message',
  letters: 'messages',
  whoever: 'the person who, the process that',
  whomever: 'the person whom',
  standing: 'status, snapshot, progress',
  standings: 'statuses, snapshots',
  settle: 'resolve, complete, close',
  settles: 'resolves, completes, closes',
  settled: 'resolved, completed, closed',
  settling: 'resolving, completing',
  deed: 'action, act',
  deeds: 'actions, acts',
  gist: 'content hash',
  heir: 'new owner',
  heirs: 'new owners',
  lately: 'in the last 24 hours',
  patience: 'timeout',
}

/** These are private in names alone: as words of a sentence they are ordinary English. */
const names: Record<string, string> = {
  ...instead,
  means: 'deps',
  look: 'props, reading',
  looks: 'props, readings',
  most: 'max',
  story: 'interaction',
  terms: 'policy',
}

/** Names of others. */
const foreign = new Set(['allSettled', 'atMost'])

const partsOf = (name: string): string[] =>
  (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((part) => part.toLowerCase())

/** A sentence that begins with its object: "What is due is told". */
const headless = /(?:^\s*\*?\s*|[.:;] )(What|Who|Whoever|Whatever|Whom) (?!about\b)/

/** Each place of these sources where a word has a private sense, with what to write instead. */
export function privateWords(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [...inCode(source), ...inComments(source)])
}

function inCode(source: Source): string[] {
  return [...nodesIn(source.statements)].flatMap(({ node }) => {
    if (node.type !== 'Identifier' && node.type !== 'PrivateIdentifier') return []
    const name = String((node as AstNode).name)
    if (foreign.has(name)) return []
    const found = partsOf(name).find((part) => Object.hasOwn(names, part))
    return found ? [`${lineOf(source, node)} ${name}: ${names[found]}`] : []
  })
}

function inComments({ path, comments }: Source): string[] {
  return comments.flatMap((comment) =>
    comment.split('\n').flatMap((line) => {
      const words = line.toLowerCase().match(/[a-z]+/g) ?? []
      const found = words.find((word) => Object.hasOwn(instead, word))
      const about = line.trim().replace(/^\*+\s*/, '')
      return [
        ...(found ? [`${path} "${about}" says ${found}: ${instead[found]}`] : []),
        ...(headless.test(line) ? [`${path} "${about}" begins with its object`] : []),
      ]
    }),
  )
}
