import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize } from 'node:v8'
import type { Edit } from '../lab/copy.ts'
import type { Recorded } from './replay.ts'

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

/** What the processes have written, each process and each of its instances by itself. */
export async function readEvents(folder: string): Promise<Recorded[][]> {
  const all: Recorded[][] = []
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name))
    const instances = new Map<number, Recorded[]>()
    // The last record of a process that was killed may not be whole.
    for (let at = 0; at + 4 <= bytes.length; ) {
      const end = at + 4 + bytes.readUInt32BE(at)
      if (end > bytes.length) break
      const { instance, ...recorded } = deserialize(bytes.subarray(at + 4, end))
      const list = instances.get(instance) ?? []
      list.push(recorded)
      instances.set(instance, list)
      at = end
    }
    all.push(...instances.values())
  }
  return all
}
