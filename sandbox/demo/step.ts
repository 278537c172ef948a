import { setTimeout as pause } from 'node:timers/promises'
import { type PersonClient, person } from 'local-slack/person'
import { people } from '../acting.ts'
import type { Demo } from './open.ts'

/** One line of `bin/demo --check`: a promise, and how a person would see that it is kept. */
export type Step = {
  promises: string
  /** returns when the promise holds; throws Unexpected when it does not, or any error that kept it from checking */
  walk(scene: Scene): Promise<void>
}

/** The state that the steps share: the demo, everything it logged, and values that earlier steps left for later ones. */
export type Scene = {
  demo: Demo
  logged: readonly string[]
  /** name of a key -> its token, for every key that the check has made */
  tokens: Map<string, string>
  as(who: keyof typeof people): PersonClient
  /** what a customer's program gets from the toy platform */
  curl(name: string, path?: string): Promise<number>
}

export function openScene(demo: Demo, logged: readonly string[]): Scene {
  const tokens = new Map<string, string>()
  return {
    demo,
    logged,
    tokens,
    as: (who) => person(demo.house.slack.url, people[who]),
    async curl(name, path = '/v1/contacts') {
      const headers = { authorization: `Bearer ${tokens.get(name)}` }
      const response = await fetch(demo.house.platform.url + path, { headers })
      await response.arrayBuffer()
      return response.status
    },
  }
}

/** Thrown by a step: the text it expected, and the text it saw. */
export class Unexpected extends Error {
  override name = 'Unexpected'
  readonly expected: string
  readonly seen: string

  constructor(expected: string, seen: string) {
    super(`expected ${expected}, saw ${seen}`)
    this.expected = expected
    this.seen = seen
  }
}

export function same(what: string, seen: unknown, expected: unknown): void {
  if (seen !== expected) throw new Unexpected(`${what} ${expected}`, `${what} ${seen}`)
}

export function reads(text: string, ...expected: (RegExp | string)[]): void {
  for (const words of expected) {
    const found = typeof words === 'string' ? text.includes(words) : words.test(text)
    if (!found) throw new Unexpected(String(words), text)
  }
}

export function lacks(where: string, text: string, secret: string): void {
  if (secret === '') throw new Error('There is no secret to look for.')
  if (text.includes(secret)) throw new Unexpected(`no token in ${where}`, `${secret.slice(0, 8)}... in it`)
}

/** Looks again, five times a second, for what is true only a moment after the act. */
export async function eventually(check: () => Promise<void>, seconds = 40): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (!(error instanceof Unexpected) || performance.now() > deadline) throw error
    }
    await pause(200)
  }
}
