import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { commandOf, lastLine, type Proof, proofs, rowOf, withRow } from './proofs.ts'

/**
 * `bin/prove [NAME ...] [--write] [--from FILE]`: runs each proof, one after the other, and prints a table and a line of
 * JSON. `--write` puts the figures into docs/proof.md; `--from` reads the output of one that ran elsewhere.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean' }, from: { type: 'string' } },
})
const unknown = positionals.filter((name) => proofs.every((proof) => proof.name !== name))
if (unknown.length > 0) throw new Error(`There is no proof called ${unknown.join(', ')}.`)
if (values.from && positionals.length !== 1) throw new Error('Say which proof the file is of.')
const chosen = proofs.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const page = new URL('../../docs/proof.md', import.meta.url)
const folder = new URL('../../dist/proof/', import.meta.url)
mkdirSync(folder, { recursive: true })

async function outputOf(proof: Proof): Promise<string> {
  if (values.from) return readFileSync(values.from, 'utf8')
  const file = new URL(`${proof.name}.log`, folder)
  console.log(`${proof.name}: about ${proof.minutes} min, ${commandOf(proof)}, into ${file.pathname}`)
  const [program, ...args] = proof.command
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const kept = createWriteStream(file)
  for (const stream of [child.stdout, child.stderr]) stream.pipe(kept, { end: false })
  await once(child, 'close')
  kept.end()
  await once(kept, 'close')
  return readFileSync(file, 'utf8')
}

const rows: Record<string, { held: string; figures: string; seed: number | string }> = {}
for (const proof of chosen) {
  const line = lastLine(await outputOf(proof))
  const held = line ? (line.ok ? 'yes' : 'NO') : 'ended without a word'
  rows[proof.name] = { held, figures: line ? proof.figures(line) : '', seed: line?.seed ?? '' }
  if (!values.write || !line) continue
  const row = rowOf(proof, { line, day: new Date().toISOString().slice(0, 10) })
  writeFileSync(page, withRow(readFileSync(page, 'utf8'), proof, row))
}
console.table(rows)
const broken = Object.keys(rows).filter((name) => rows[name]!.held !== 'yes')
console.log(JSON.stringify({ prove: chosen.map(({ name }) => name), ok: broken.length === 0, broken }))
process.exitCode = broken.length === 0 ? 0 : 1
