import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { recording } from './history/events.ts'
import { longTimeouts, mutants } from './lab/mutants.ts'

const others = [
  { name: 'long timeouts', edits: longTimeouts },
  { name: 'what writes down the protocol', edits: recording },
]

test.each([...mutants, ...others].map((mutant) => [mutant.name, mutant] as const))(
  'the mutant "%s" still finds what it changes, once in each file',
  (_name, { edits }) => {
    const found = edits.map(
      ({ file, find }) =>
        readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').split(find).length - 1,
    )
    expect(found).toEqual(edits.map(() => 1))
  },
)
