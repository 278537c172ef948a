import { createHash } from 'node:crypto'
import type { Code } from './code.ts'
import type { Rules } from './database.ts'
import { openProtocol, type Size, type World } from './world.ts'

export type Found = {
  states: number
  depth: number
  /** whether every state within the size was visited */
  isExhausted: boolean
  /** the shortest way to a violation, which is its last line */
  trace: string[] | undefined
}

/** Visits every state that the protocol can reach within the size, nearest first, until one breaks the promise. */
export function search(code: Code, rules: Rules, size: Size, maxStates = Number.POSITIVE_INFINITY): Found {
  const protocol = openProtocol(code, rules, size)
  const seen = new Set<string>()
  const parents: number[] = []
  const names: string[] = []
  let depth = 0
  let frontier: { text: string; at: number }[] = []

  function visit(world: World, parent: number, name: string, into: typeof frontier): Found['trace'] {
    protocol.simplify(world)
    const text = JSON.stringify(world)
    const hash = createHash('md5').update(text).digest('base64')
    if (seen.has(hash)) return undefined
    seen.add(hash)
    const at = parents.push(parent) - 1
    names.push(name)
    const violation = protocol.violation(world)
    if (violation) return [...traceTo(at), violation]
    if (protocol.isOpen(world)) into.push({ text, at })
    return undefined
  }

  function traceTo(at: number): string[] {
    const trace: string[] = []
    for (let here = at; here > 0; here = parents[here]!) trace.unshift(names[here]!)
    return trace
  }

  const result = (trace?: string[]): Found => ({
    ...{ states: seen.size, depth, isExhausted: !trace && frontier.length === 0, trace },
  })
  visit(protocol.begin(), -1, '', frontier)
  while (frontier.length > 0) {
    const next: typeof frontier = []
    for (const { text, at } of frontier)
      for (const { name, run } of protocol.actions(JSON.parse(text))) {
        const world = JSON.parse(text) as World
        run(world)
        const trace = visit(world, at, name, next)
        if (trace) return result(trace)
        if (seen.size >= maxStates) return result()
      }
    frontier = next
    depth++
  }
  return result()
}
