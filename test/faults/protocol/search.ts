import { createHash } from 'node:crypto'
import type { Code } from './code.ts'
import type { Rules } from './database.ts'
import { openProtocol, type Size, type World } from './world.ts'

/** `trace`: the shortest way to a violation, which is its last line. */
type Found = { states: number; isExhausted: boolean; trace: string[] | undefined }

/** Visits every state that the protocol can reach within the size, nearest first, until one breaks the promise. */
export function search(code: Code, rules: Rules, size: Size, maxStates = Number.POSITIVE_INFINITY): Found {
  const protocol = openProtocol(code, rules, size)
  const seen = new Set<string>()
  const [parents, choices]: [number[], number[]] = [[], []]
  let frontier: { world: World; at: number }[] = []
  let violation: string | undefined
  const traceTo = (at: number): string[] => {
    const chosen: number[] = []
    for (let here = at; here > 0; here = parents[here]!) chosen.unshift(choices[here]!)
    let world = protocol.begin()
    const names = chosen.map((choice) => {
      const { name, next } = protocol.actions(world)[choice]!
      world = next()
      return name
    })
    return [...names, violation!]
  }
  function visit(world: World, parent: number, choice: number, into: typeof frontier): boolean {
    const before = seen.size
    seen.add(createHash('md5').update(JSON.stringify(world)).digest('base64'))
    if (seen.size === before) return false
    parents.push(parent)
    choices.push(choice)
    violation = protocol.violation(world)
    if (!violation && protocol.isOpen(world)) into.push({ world, at: before })
    return violation !== undefined || seen.size >= maxStates
  }
  visit(protocol.begin(), -1, 0, frontier)
  while (frontier.length > 0) {
    const next: typeof frontier = []
    for (const { world, at } of frontier)
      for (const [choice, action] of protocol.actions(world).entries())
        if (visit(action.next(), at, choice, next))
          return {
            states: seen.size,
            isExhausted: false,
            trace: violation ? traceTo(seen.size - 1) : undefined,
          }
    frontier = next
  }
  return { states: seen.size, isExhausted: true, trace: undefined }
}
