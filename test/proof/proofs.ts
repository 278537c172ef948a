/** The last line of a run: the JSON object that it ends with, or the counts of tests. */
export type Line = Record<string, unknown> & { ok: boolean; seed?: number }

/** A claim, and the command that looks for a counterexample. */
export type Proof = {
  name: string
  claim: string
  command: readonly string[]
  /** on two cores */
  minutes: number
  /** the figures of its last line that belong to the claim */
  figures(line: Line): string
}

const n = (value: unknown) => (typeof value === 'number' ? value.toLocaleString('en') : String(value))
const sized = (value: unknown) => (Array.isArray(value) ? value.length : 0)
const tests = ({ passed, failed }: Line) => `${n(passed)} tests passed, ${n(failed)} failed`
const npm = (script: string, ...more: string[]) => [
  'npm',
  'run',
  script,
  ...(more.length ? ['--', ...more] : []),
]

// biome-ignore format: a proof reads as one
export const proofs: readonly Proof[] = [
  {
    name: 'history',
    claim: 'No verifier accepts a key after its end was reported confirmed, while everything fails at random',
    command: npm('faults:history', '--minutes', '22'), minutes: 24,
    figures: (line) => `${n(line.distinct_changes_and_verifiers)} pairs of a change and a verifier, ${n(line.accepted)} accepted; ${n(line.faults)} faults, ${n(line.failovers_and_restores)} failovers and restores; ${n(line.protocol_events)} steps replayed, ${n(line.unexplained_events)} unexplained`,
  },
  {
    name: 'protocol',
    claim: 'No order of steps and faults within a bound breaks the protocol, and each way to get it wrong has a counterexample',
    command: npm('faults:protocol'), minutes: 15,
    figures: ({ sizes, broken, mutants, isExhausted }) =>
      `${n((sizes as { states: number }[]).reduce((sum, one) => sum + one.states, 0))} states of ${sized(sizes)} sizes${isExhausted ? '' : ', not all exhausted'}, ${sized(broken)} broken; ${n(mutants)} mutants`,
  },
  {
    name: 'mutants',
    claim: 'Each way to get the protocol wrong is caught by a schedule of faults on real servers',
    command: npm('faults:mutants'), minutes: 4, figures: tests,
  },
  {
    name: 'seams',
    claim: 'Revokes hold where the protocol meets Postgres: lost commits, standbys, switchovers, restores, poolers',
    command: npm('faults:seams'), minutes: 8,
    figures: (line) => `${n(line.schedules)} schedules, ${sized(line.broken)} broken`,
  },
  {
    name: 'model',
    claim: 'What people do at once ends as some order of it would, and each race has an outcome that is allowed',
    command: npm('faults:model'), minutes: 45,
    figures: (line) => `${n(line.sequences)} sequences of ${n(line.commands)} commands, ${n(line.divergences)} divergences; ${n(line.races)} races, ${n(line.trials)} trials each, ${n(line.wrong)} wrong`,
  },
  {
    name: 'alerts',
    claim: 'No message is lost or comes twice while workers die and Redis and Slack fail',
    command: npm('faults:alerts'), minutes: 12,
    figures: (line) => `${n(line.messages)} messages, ${n(line.lost)} lost, ${n(line.duplicates)} twice; ${n(line.deaths)} workers died`,
  },
  {
    name: 'rolling',
    claim: 'Restarts one by one under load lose no verify, no act, no message and no job',
    command: npm('faults:rolling'), minutes: 5,
    figures: ({ runs }) => (runs as Line[]).map((one) => `${one.mode}: ${n(one.restarts)} restarts, ${n(one.verifies)} verifies, ${n(one.lostVerifies)} lost`).join('; '),
  },
  {
    name: 'ticks',
    claim: 'Every frequent job is run within two seconds of each of ten ticks',
    command: npm('faults:ticks'), minutes: 3, figures: tests,
  },
  {
    name: 'secrets',
    claim: 'A secret is nowhere but where it is shown: streams, database, Redis, Slack, metrics, traces, files, memory',
    command: ['npx', 'vitest', 'run', 'test/secrets'], minutes: 2, figures: tests,
  },
  {
    name: 'leaks',
    claim: 'No key is ended for a text that nearly holds its token',
    command: npm('faults:leaks'), minutes: 5, figures: tests,
  },
  {
    name: 'renders',
    claim: 'No state makes a message, dialog or Home that Slack would refuse',
    command: npm('faults:renders'), minutes: 4, figures: tests,
  },
  {
    name: 'properties',
    claim: 'The properties of the pure parts hold for values that nobody chose',
    command: npm('faults:properties'), minutes: 2, figures: tests,
  },
  {
    name: 'fuzz',
    claim: 'No input crashes a way in, or is answered as if the product had failed',
    command: npm('fuzz', '--cases', '100000'), minutes: 14,
    figures: (line) => `${n(line.cases)} cases, ${n(line.failed)} failed, ${n(line.faults)} logged as errors`,
  },
  {
    name: 'mutation',
    claim: 'A test notices nearly every change of the pure modules',
    command: npm('mutation'), minutes: 16,
    figures: (line) => `${n(line.score)} % of the mutants killed`,
  },
  {
    name: 'soak',
    claim: 'Half an hour at 70 % of the capacity, with restarts: no error, exact counts, flat memory',
    command: npm('bench:soak'), minutes: 36,
    figures: (line) => `${n(line.verifies)} verifies at ${n(line.verifiesPerSecond)} a second, ${n(line.sentOfDuePercent)} % of what was due (at least 95 wanted), ${n(line.errors)} errors, ${n(Number(line.verifies) - Number(line.countedVerifies))} not counted; growth in 10 min: bot ${n(line.botLiveGrowthPercentIn10Min)} %, worker ${n(line.workerLiveGrowthPercentIn10Min)} %, verifier ${n(line.verifyLiveGrowthPercentIn10Min)} %`,
  },
  {
    name: 'evidence',
    claim: 'Evidence for an auditor is written within a minute: 40 samples of 100,000 keys',
    command: npm('bench:evidence'), minutes: 5,
    figures: (line) => `${n(line.samples)} samples of ${n(line.keys)} keys in ${Number(line.evidenceSeconds).toFixed(1)} s`,
  },
]

/** What a run printed last. Undefined when it ended without saying how. Pure. */
export function lastLine(output: string): Line | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
  const lines = output.replaceAll(/\u001b\[[0-9;]*m/g, '').split('\n')
  const json = lines.findLast((line) => line.startsWith('{') && line.endsWith('}'))
  if (json) return JSON.parse(json) as Line
  const seed = /FAULTS_SEED=(\d+)/.exec(output)?.[1]
  const score = /^All files\s*\|\s*([\d.]+)/m.exec(lines.join('\n'))?.[1]
  if (score) return { ok: Number(score) >= 85, score: Number(score) }
  const counts = lines
    .map((line) => /^(\d+) passed, (\d+) failed$/.exec(line))
    .findLast((found) => found !== null)
  if (!counts) return undefined
  const [passed, failed] = counts.slice(1).map(Number)
  return { ok: failed === 0 && passed! > 0, passed, failed, ...(seed ? { seed: Number(seed) } : {}) }
}

export const commandOf = ({ command }: Proof): string => command.join(' ')

/** The row of a proof in docs/proof.md. Without a run, it says that there is none. Pure. */
export function rowOf(proof: Proof, run?: { line: Line; day: string }): string {
  const cells = run
    ? [
        run.line.ok ? proof.figures(run.line) : `**Failed**: ${proof.figures(run.line)}`,
        run.day,
        String(run.line.seed ?? ''),
      ]
    : ['no figure yet', '', '']
  return `| \`${proof.name}\` | ${proof.claim} | \`${commandOf(proof)}\` | ${cells.join(' | ')} |`
}

/** The page with that row in place of the one that the proof had. Pure. */
export const withRow = (page: string, proof: Proof, row: string): string =>
  page
    .split('\n')
    .map((line) => (line.startsWith(`| \`${proof.name}\` |`) ? row : line))
    .join('\n')
