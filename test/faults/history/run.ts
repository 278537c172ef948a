import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { repeatable } from '../../../bench/load/stage.ts'
import { copyOfProduct } from '../lab/copy.ts'
import { ask, type Lab, type Placed } from '../lab/lab.ts'
import { faults, loseListeners } from '../lab/nemesis.ts'
import type { LabKey } from '../lab/seed.ts'
import { type Changer, cutAtCommit, type Ended, openByShell, openInProcess } from './changers.ts'
import { check, type History, type Verified } from './checker.ts'
import { preload, readEvents, recorder, recording } from './events.ts'
import type { Written } from './replay.ts'
import type { Servers } from './servers.ts'

export type RunOptions = {
  lab: Lab
  /** without them nothing happens to the servers themselves */
  servers?: Servers
  verifiers: number
  /** how many acts of two hundred keys each changer is at */
  bulkLanes: number
  seconds: number
  seed: number
  later(close: () => Promise<unknown>): void
  say?(line: string): void
}

export type Result = {
  confirmed: number
  ended: Record<string, number>
  verifies: number
  /** verifies that had to refuse, by verdict */
  afterConfirmation: Record<string, number>
  /** pairs of a confirmed change and a verifier that was asked afterwards and answered */
  distinct: number
  accepted: (Verified & { afterMs: number })[]
  faults: Record<string, number>
  /** switchovers, promotions and restores */
  failovers: number
  /** the steps of every instance of the protocol; they can be read until `later` is through */
  written: Written
}

const leaseMs = 1_000
const hourMs = 3_600_000
const inBulk = 200
const failovers = ['switchover', 'promotion', 'promotion that loses changes', 'dump and restore']

/**
 * Keys are revoked and deactivated, by the operator's command and in this process, while everybody goes on asking for
 * them, and verifiers, changers, cables, clocks and servers fail at random. What was promised and answered comes back
 * checked, and every step of the protocol as it was written down.
 */
export async function run(options: RunOptions): Promise<Result> {
  const { lab, later, verifiers, say = () => undefined } = options
  const random = repeatable(options.seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const events = await mkdtemp(join(tmpdir(), 'keywarden-events-'))
  later(() => rm(events, { recursive: true }))
  const copy = await copyOfProduct(recording)
  later(copy.remove)
  process.env.LAB_EVENTS = events
  await import(recorder)
  const env = { KEYWARDEN_LEASE: `${leaseMs}ms`, LAB_EVENTS: events, NODE_OPTIONS: `--import ${preload}` }

  const history: History = { confirmations: [], verifies: [], restores: [] }
  const ended = new Map<string, number>()
  const happened = new Map<string, number>()
  const count = (counts: Map<string, number>, what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
  const placed = await Promise.all(Array.from({ length: verifiers }, () => lab.place(env, copy.main)))
  const inProcess = [await openInProcess(copy.folder, lab.url), await openInProcess(copy.folder, lab.url)]
  const byShell = await openByShell(copy.main, lab.url, { LAB_EVENTS: events })
  const changers = [...inProcess, byShell]
  for (const changer of changers) later(changer.close)

  const until = performance.now() + options.seconds * 1000
  const isOver = () => performance.now() > until
  const keys: LabKey[] = []
  const live = new Set<LabKey>()
  const confirmed: LabKey[] = []

  async function verify(at: Placed, key: LabKey): Promise<void> {
    const startMs = performance.now()
    const verdict = await ask(at.process.url, key)
    const verifier = at.process.name
    history.verifies.push({ keyId: key.id, verifier, startMs, endMs: performance.now(), verdict })
  }

  /** A verifier may be stopped: its answer comes when it comes. */
  const everywhere = (key: LabKey) =>
    Promise.race([Promise.all(placed.map((at) => verify(at, key))), pause(leaseMs / 2)])

  async function askForever(number: number) {
    while (!isOver()) {
      const isLive = random() < 0.3 && live.size > 0
      const since = random() < 0.7 ? Math.max(0, confirmed.length - 40) : 0
      const recent = confirmed[since + Math.floor(random() * (confirmed.length - since))]
      const key = isLive ? pick([...live]) : recent
      if (key) await verify(placed[number % placed.length]!, key)
      await pause(20)
    }
  }

  async function changeForever(changer: Changer) {
    while (!isOver()) {
      const key = keys.pop()
      if (!key) {
        await pause(50)
        continue
      }
      live.add(key)
      // Everybody has it in memory, or is just reading it.
      const warm = everywhere(key)
      if (random() < 0.7) await warm
      const change = random() < 0.8 ? 'revoke' : 'deactivate'
      // What is not known or did not happen is tried again, as people do.
      for (let attempt = 1; attempt <= 6 && !isOver(); attempt++) {
        const begunMs = performance.now()
        const end: Ended = await changer.change(key, change)
        const confirmedMs = performance.now()
        count(ended, end)
        if (end === 'confirmed') {
          history.confirmations.push({ keyId: key.id, begunMs, confirmedMs })
          confirmed.push(key)
          break
        }
        await pause(100)
      }
      live.delete(key)
      // A process for each change takes the machine from everybody else.
      if (changer === byShell) await pause(500)
      for (let times = 0; times < 3; times++) await everywhere(key)
    }
  }

  /** Two hundred keys in one act, each asked for at every verifier before and after it. */
  async function changeManyForever({ changeMany }: Changer) {
    while (!isOver()) {
      const many = keys.splice(0, keys.length < inBulk ? 0 : inBulk)
      if (many.length === 0 || !changeMany) {
        await pause(50)
        continue
      }
      await Promise.all(many.map(everywhere))
      const change = random() < 0.5 ? 'revoke' : 'deactivate'
      for (let attempt = 1; attempt <= 6 && !isOver(); attempt++) {
        const begunMs = performance.now()
        const end = await changeMany(many, change)
        const confirmedMs = performance.now()
        count(ended, `${end} in bulk`)
        if (end === 'confirmed') {
          history.confirmations.push(...many.map(({ id }) => ({ keyId: id, begunMs, confirmedMs })))
          confirmed.push(many[0]!)
          break
        }
        await pause(100)
      }
      await Promise.all(many.map(everywhere))
    }
  }

  async function supply() {
    for (; !isOver(); await pause(50))
      if (keys.length < 1_000)
        await lab.keys(1_000).then(
          (more) => keys.push(...more),
          () => undefined,
        )
  }

  const harmOfVerifiers: Record<string, (i: number, ms: number) => Promise<unknown>> = {
    ...Object.fromEntries(
      Object.entries(faults).map(([name, fault]) => [
        `verifier: ${name}`,
        (i: number, ms: number) => fault(placed[i]!, ms),
      ]),
    ),
    async 'verifier: killed'(i) {
      await placed[i]!.process.kill()
      while (!isOver())
        try {
          placed[i] = await lab.place(env, copy.main)
          return
        } catch {
          // It does not start without the database.
        }
    },
    async 'verifier: clock stepped'(i, ms) {
      const { process } = placed[i]!
      process.stepClock((random() < 0.5 ? -1 : 1) * (random() < 0.5 ? ms : hourMs))
      await pause(ms)
      process.stepClock(0)
    },
    async 'verifier: swallowed'(i, ms) {
      const { cable } = placed[i]!
      cable.blackhole()
      await pause(ms)
      cable.reset()
      cable.heal()
    },
  }

  const harmOfChangers: Record<string, (ms: number) => Promise<unknown>> = {
    'changer: cut before COMMIT': () => cutAtCommit(pick(changers), 'request', leaseMs),
    'changer: cut after COMMIT': () => cutAtCommit(pick(changers), 'reply', leaseMs),
    'changer: reset': async () => pick(changers).cable.reset(),
    async 'changer: blackhole'(ms) {
      const { cable } = pick(changers)
      cable.blackhole()
      await pause(ms)
      cable.heal()
    },
    'changer: killed': async () => byShell.process?.()?.kill('SIGKILL'),
    async 'changer: stopped'(ms) {
      const stopped = byShell.process?.()
      stopped?.kill('SIGSTOP')
      await pause(ms)
      stopped?.kill('SIGCONT')
    },
    'listeners lost': () => loseListeners(lab),
  }

  const harmOfServers = (servers: Servers): Record<string, (ms: number) => Promise<unknown>> => ({
    crash: () => servers.crash(),
    promotion: () => servers.promote(0),
    'replication cut': (ms) => servers.cutReplication(ms),
    switchover: (ms) => servers.switchOver(ms),
    'dump and restore': async (ms) => {
      await servers.restore(ms, (restore) => history.restores.push(restore))
      // Those of after the dump are gone.
      keys.length = 0
    },
    'promotion that loses changes': (ms) => servers.promote(ms),
    'sequence restarted': () => servers.restartSequence(),
  })

  async function harm(kinds: Record<string, (ms: number) => Promise<unknown>>, everyMs: number) {
    while (!isOver()) {
      await pause(random() * 2 * everyMs)
      if (isOver()) return
      const name = pick(Object.keys(kinds))
      count(happened, name)
      await kinds[name]!(random() * leaseMs * 2.5)
    }
  }

  /** Each in turn, so that all happen. */
  async function harmServers(servers: Servers) {
    const kinds = Object.entries(harmOfServers(servers))
    for (let i = Math.floor(random() * kinds.length); !isOver(); i++) {
      await pause(10_000 + random() * 10_000)
      if (isOver()) return
      const [name, harmful] = kinds[i % kinds.length]!
      const begunMs = performance.now()
      await harmful(random() * leaseMs * 2.5)
      count(happened, name)
      say(`${name}: ${Math.round(performance.now() - begunMs)} ms; ${history.confirmations.length} confirmed`)
    }
  }

  const verifierHarm = placed.map((_, i) =>
    harm(
      Object.fromEntries(
        Object.entries(harmOfVerifiers).map(([name, fault]) => [name, (ms) => fault(i, ms)]),
      ),
      7_000,
    ),
  )
  await Promise.all([
    supply(),
    ...inProcess.flatMap((changer) => Array.from({ length: 6 }, () => changeForever(changer))),
    changeForever(byShell),
    ...inProcess.flatMap((changer) =>
      Array.from({ length: options.bulkLanes }, () => changeManyForever(changer)),
    ),
    ...Array.from({ length: verifiers * 2 }, (_, i) => askForever(i)),
    ...verifierHarm,
    harm(harmOfChangers, 4_000),
    ...(options.servers ? [harmServers(options.servers)] : []),
  ])
  await askOnceMore()

  /** When all is quiet and every lease is new, everything that was confirmed is asked for once at each verifier. */
  async function askOnceMore() {
    await pause(2 * leaseMs)
    for (const at of placed) for (const key of confirmed) await verify(at, key)
  }

  for (const { process } of placed) await process.kill()
  for (const changer of changers) await changer.close()
  const faultsByKind = Object.fromEntries([...happened].sort())
  return {
    confirmed: history.confirmations.length,
    ended: Object.fromEntries(ended),
    verifies: history.verifies.length,
    ...check(history),
    faults: faultsByKind,
    failovers: failovers.reduce((sum, name) => sum + (faultsByKind[name] ?? 0), 0),
    written: () => readEvents(events),
  }
}
