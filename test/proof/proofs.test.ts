import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commandOf, lastLine, type Proof, proofs, rowOf, withRow } from './proofs.ts'

const page = readFileSync(new URL('../../docs/proof.md', import.meta.url), 'utf8')
const rows = page.split('\n').filter((line) => line.startsWith('| `'))

test('docs/proof.md has a row for each proof, with its claim and command as they are', () => {
  const beginnings = proofs.map(
    (proof) => `| \`${proof.name}\` | ${proof.claim} | \`${commandOf(proof)}\` | `,
  )
  expect(rows).toHaveLength(proofs.length)
  for (const [index, beginning] of beginnings.entries())
    expect(rows[index]!.slice(0, beginning.length)).toBe(beginning)
})

test('a run is read from its last line of JSON, from the counts of its tests or from its score', () => {
  expect(lastLine('one\n{"ok":true,"seed":7}\n> bye\n')).toEqual({ ok: true, seed: 7 })
  expect(lastLine('FAULTS_SEED=12\n\u001b[2m21 passed, 0 failed\u001b[0m\n')).toEqual({
    ...{ ok: true, passed: 21, failed: 0, seed: 12 },
  })
  expect(lastLine('20 passed, 1 failed\n')).toMatchObject({ ok: false, failed: 1 })
  expect(lastLine('0 passed, 0 failed\n')).toMatchObject({ ok: false })
  expect(lastLine('All files    |   98.34 |   98.34 |\n')).toEqual({ ok: true, score: 98.34 })
  expect(lastLine('All files    |   84.00 |\n')).toMatchObject({ ok: false })
  expect(lastLine('killed\n')).toBeUndefined()
})

test('a row says what was found, on which day and with which seed, and takes the place of the one before', () => {
  const proof: Proof = {
    ...{ name: 'one', claim: 'All is well', command: ['npm', 'run', 'fuzz'], minutes: 1 },
    figures: ({ cases }) => `${cases} cases`,
  }
  const run = { line: { ok: true, seed: 3, cases: 9 }, day: '2026-12-01' }
  const row = '| `one` | All is well | `npm run fuzz` | 9 cases | 2026-12-01 | 3 |'
  expect(rowOf(proof, run)).toBe(row)
  expect(rowOf(proof, { ...run, line: { ...run.line, ok: false } })).toContain('| **Failed**: 9 cases |')
  expect(rowOf(proof)).toContain('| no figure yet |  |  |')
  expect(withRow(`a\n${rowOf(proof)}\n| \`other\` |\n`, proof, row)).toBe(`a\n${row}\n| \`other\` |\n`)
})
