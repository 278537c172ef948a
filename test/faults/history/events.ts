import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize } from 'node:v8'
import type { Edit } from '../lab/copy.ts'
import type { Taken } from './replay.ts'

/** For other processes, whose clock can be stepped then; and for this one. */
export const preload = new URL('preload.mjs', import.meta.url).href
export const recorder = new URL('record.mjs', import.meta.url).href

/** Makes a copy of the product write down each step of the protocol, if `record.mjs` is there to take it. */
export const recording: Edit[] = [
  {
    file: 'src/verification/learner.ts',
    find: 'const step = learn(state, event, newIncarnation)\n    state = step.state\n',
    replace: `const step = learn(state, event, newIncarnation)
    state = step.state
    ;(globalThis as any).keywardenEvent?.(memory, { by: 'learn', before, event, effects: step.effects, after: state })\n`,
  },
  {
    file: 'src/leases/watcher.ts',
    find: 'const step = confirm(state, event, time.monotonicMs())\n    state = step.state\n',
    replace: `const nowMs = time.monotonicMs()
    const step = confirm(state, event, nowMs)
    state = step.state
    ;(globalThis as any).keywardenEvent?.(listeners, { by: 'confirm', before, event, effects: step.effects, after: state, nowMs })\n`,
  },
]

/** What the processes have written into that folder, a step at a time. */
export async function* readEvents(folder: string): AsyncGenerator<Taken> {
  for (const name of (await readdir(folder)).sort()) {
    let rest: Buffer = Buffer.alloc(0)
    for await (const chunk of createReadStream(join(folder, name), { highWaterMark: 1 << 20 })) {
      const bytes = Buffer.concat([rest, chunk])
      let at = 0
      for (let end = endOf(bytes, at); end <= bytes.length; end = endOf(bytes, at)) {
        const { instance, ...recorded } = deserialize(bytes.subarray(at + 4, end))
        yield { instance: `${name} ${instance}`, recorded }
        at = end
      }
      // The last record of a process that was killed may not be whole.
      rest = bytes.subarray(at)
    }
  }
}

const endOf = (bytes: Buffer, at: number): number =>
  at + 4 <= bytes.length ? at + 4 + bytes.readUInt32BE(at) : Number.POSITIVE_INFINITY
