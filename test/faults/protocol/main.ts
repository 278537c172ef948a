import { codeWith } from './code.ts'
import { allRules } from './database.ts'
import { mutants } from './mutants.ts'
import { search } from './search.ts'
import { large, small } from './sizes.ts'

/**
 * `npm run faults:protocol [part of a size, or mutants]`: the large search of the protocol, the shortest counterexample of
 * each of its mutants, and a line of JSON. `ok` says that the promise held in every state visited and that every mutant
 * broke it. With `mutants` only those, with a part of a size's name only such sizes; with `FAULTS_STATES` up to so many
 * states of each.
 */
const [wanted] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)
const most = Number(process.env.FAULTS_STATES ?? 500_000)
const trail = (trace: readonly string[]) => trace.map((line, index) => `  ${index + 1}. ${line}`).join('\n')
const rows: { size: string; faults: number; states: number; exhausted: boolean; seconds: number }[] = []
const broken: string[] = []

const sizes = [...small, ...large].filter(({ what }) => what.includes(wanted ?? ''))
const tried = wanted === undefined || wanted === 'mutants' ? mutants : []

for (const { what, size } of sizes) {
  const started = performance.now()
  const { states, isExhausted: exhausted, trace } = search(await codeWith([]), allRules, size, most)
  const seconds = Number(((performance.now() - started) / 1_000).toFixed(1))
  rows.push({ size: what, faults: size.faults, states, exhausted, seconds })
  say(`${exhausted ? 'exhausted' : 'visited'}  ${states} states  ${seconds} s  ${what}`)
  if (!trace) continue
  broken.push(what)
  say(`BROKEN: ${what}\n${trail(trace)}`)
}
console.table(rows)
for (const { name, edits, rules, size } of tried) {
  const { trace } = search(await codeWith(edits), rules, size, most)
  if (!trace) broken.push(name)
  say(`\n${name}:\n${trace ? trail(trace) : '  NOT FOUND'}`)
}
const ok = broken.length === 0 && rows.length + tried.length > 0
const isExhausted = rows.every(({ exhausted }) => exhausted)
say(JSON.stringify({ ok, broken, isExhausted, mutants: tried.length, sizes: rows }))
process.exitCode = ok ? 0 : 1
