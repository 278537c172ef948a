import fc from 'fast-check'
import { sequence } from './commands.ts'
import type { Product } from './product.ts'
import { type Divergence, play } from './sequence.ts'

export type PlayedAll = {
  sequences: number
  commands: number
  /** steps of several commands at once */
  together: number
  divergences: (Divergence & { sequence: number })[]
}

/** Plays so many sequences, four at once, each in a workspace of its own. The same seed plans the same commands. */
export async function playAll(
  product: Product,
  { sequences, seed, log }: { sequences: number; seed: number; log?: (played: PlayedAll) => void },
): Promise<PlayedAll> {
  const all: PlayedAll = { sequences: 0, commands: 0, together: 0, divergences: [] }
  const chunk = 1_000
  for (let from = 0; from < sequences; from += chunk) {
    const planned = fc.sample(sequence, { numRuns: Math.min(chunk, sequences - from), seed: seed + from })
    const entries = planned.entries()
    const work = async () => {
      for (const [n, steps] of entries) {
        const { commands, together, divergence } = await play(product, steps)
        all.sequences++
        all.commands += commands
        all.together += together
        if (!divergence) continue
        all.divergences.push({ ...divergence, sequence: from + n })
        console.log(`\nsequence ${from + n}:\n  ${divergence.steps.join('\n  ')}\n${divergence.what}\n`)
      }
    }
    await Promise.all([work(), work(), work(), work()])
    log?.(all)
  }
  return all
}
