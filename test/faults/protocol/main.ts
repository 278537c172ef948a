import { codeWith } from './code.ts'
import { allRules } from './database.ts'
import { mutants } from './mutants.ts'
import { search } from './search.ts'
import { large, small } from './sizes.ts'

/**
 * `npm run faults:protocol [part of a size, or mutants]`: the large search of the protocol, the shortest counterexample of
 * each of its mutants, and a line of JSON. `ok` says that the promise held in every state visited and that every mutant
 * broke it. With `FAULTS_STATES` it visits at most so many states of each.
 */
const [wanted = ''] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)
const most = Number(process.env.FAULTS_STATES ?? 12_000_000)
const trail = (trace?: string[]) => trace?.map((line, index) => `  ${index + 1}. ${line}`).join('\n')
const sizes: { what: string; states: number; isExhausted: boolean; seconds: number }[] = []
const broken: string[] = []

for (const { what, size } of [...small, ...large].filter((one) => one.what.includes(wanted))) {
  const started = performance.now()
  const { states, isExhausted, trace } = search(await codeWith([]), allRules, size, most)
  const seconds = Math.round((performance.now() - started) / 100) / 10
  sizes.push({ what, states, isExhausted, seconds })
  say(`${isExhausted ? 'exhausted' : 'visited'}  ${states} states  ${seconds} s  ${what}`)
  if (trace) broken.push(what)
  if (trace) say(`BROKEN\n${trail(trace)}`)
}
const tried = ['', 'mutants'].includes(wanted) ? mutants : []
for (const { name, edits, rules, size } of tried) {
  const { trace } = search(await codeWith(edits), rules, size, most)
  if (!trace) broken.push(name)
  say(`\n${name}:\n${trail(trace) ?? '  NOT FOUND'}`)
}
const ok = broken.length === 0 && sizes.length + tried.length > 0
const isExhausted = sizes.every((one) => one.isExhausted)
say(JSON.stringify({ ok, broken, isExhausted, mutants: tried.length, sizes }))
process.exitCode = ok ? 0 : 1
