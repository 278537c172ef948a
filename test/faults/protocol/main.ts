import { codeWith } from './code.ts'
import { allRules } from './database.ts'
import { mutants } from './mutants.ts'
import { search } from './search.ts'
import { large, small } from './sizes.ts'

/**
 * `npm run faults:protocol`: the large search of the protocol, and the shortest counterexample of each of its mutants.
 * With `mutants` only those; with `FAULTS_STATES` up to so many states of each size.
 */
const say = (line: string) => process.stdout.write(`${line}\n`)
const most = Number(process.env.FAULTS_STATES ?? 300_000)
let broken = 0

async function searched(
  what: string,
  ...[edits, rules, size]: [[], typeof allRules, (typeof large)[0]['size']]
) {
  const started = performance.now()
  const found = search(await codeWith(edits), rules, size, most)
  const within = found.isExhausted ? 'all there are' : `all within ${found.depth} steps`
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  say(
    `${found.trace ? 'BROKEN' : 'holds '}  ${what}: ${found.states.toLocaleString('en')} states, ${within}, ${seconds} s`,
  )
  for (const [index, line] of (found.trace ?? []).entries()) say(`  ${index + 1}. ${line}`)
  if (found.trace) broken++
}

if (process.argv[2] !== 'mutants')
  for (const { what, size } of [...small, ...large]) await searched(what, [], allRules, size)
for (const { name, edits, rules, size } of mutants) {
  const { trace } = search(await codeWith(edits), rules, size)
  say(`\n${name}:`)
  for (const [index, line] of (trace ?? ['NOT FOUND']).entries()) say(`  ${index + 1}. ${line}`)
  if (!trace) broken++
}
process.exitCode = broken > 0 ? 1 : 0
