import { setTimeout as pause } from 'node:timers/promises'
import type { PostgresServer } from '../../../sandbox/services/postgres.ts'
import { History } from './history.ts'
import { ask, type Lab, type Placed } from './lab.ts'
import { faults, loseListeners, restart } from './nemesis.ts'
import type { LabKey } from './seed.ts'

export type CampaignOptions = {
  lab: Lab
  server: PostgresServer
  verifiers: number
  /** ends when both are reached */
  seconds: number
  revokes: number
  leaseMs: number
  random: () => number
  say?: (line: string) => void
}

const revokers = 6
const askers = 3
const keysAhead = 400

/**
 * Revokes keys while people go on asking for them and things go wrong. Every verify and every confirmation is in the
 * history that comes back.
 */
export async function runCampaign(
  options: CampaignOptions,
): Promise<{ history: History; faults: Map<string, number> }> {
  const { lab, server, random, leaseMs } = options
  const history = new History()
  const happened = new Map<string, number>()
  const env = { KEYWARDEN_LEASE: `${leaseMs}ms` }
  const placed = await Promise.all(Array.from({ length: options.verifiers }, () => lab.place(env)))
  const until = performance.now() + options.seconds * 1000
  let revoked = 0
  const isOver = () => performance.now() > until && revoked >= options.revokes
  const pool: LabKey[] = []
  const live: LabKey[] = []

  async function verify(at: Placed, key: LabKey): Promise<void> {
    const startMs = performance.now()
    const verdict = await ask(at.process.url, key)
    const verifier = at.process.name
    history.verifies.push({ keyId: key.id, verifier, startMs, endMs: performance.now(), verdict })
  }

  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]

  async function askForever() {
    while (!isOver()) {
      const [at, key] = [pick(placed), pick(live)]
      if (at && key) await verify(at, key)
      else await pause(5)
    }
  }

  async function revokeForever(number: number) {
    const mine: LabKey[] = []
    while (!isOver()) {
      const key = pool.pop()
      if (!key) {
        await pause(20)
        continue
      }
      live.push(key)
      mine.push(key)
      // Everybody has it in memory, or is just reading it.
      const warming = placed.map((at) => verify(at, key))
      if (random() < 0.7) await Promise.race([Promise.all(warming), pause(leaseMs)])
      await revokeOne(key)
      live.splice(live.indexOf(key), 1)
      // Nobody may accept it now, wherever it is asked for.
      await Promise.race([Promise.all(placed.map((at) => verify(at, key))), pause(leaseMs)])
      revoked++
      if (options.say && revoked % 100 === 0 && number === 0) options.say(`${revoked} revoked`)
    }
  }

  async function revokeOne(key: LabKey) {
    for (;;) {
      try {
        const seq = await lab.revokeApart(key)
        await lab.confirm(seq)
        history.confirm([key.id], performance.now())
        return
      } catch {
        // Postgres is away, or was when it should have answered: the same again, until it is certain.
        await pause(50)
      }
    }
  }

  async function supply() {
    while (!isOver()) {
      if (pool.length < keysAhead / 2)
        await lab.keys(keysAhead).then(
          (keys) => pool.push(...keys),
          () => pause(100),
        )
      await pause(50)
    }
  }

  async function harm(number: number) {
    while (!isOver()) {
      await pause(random() * leaseMs)
      const at = placed[number % placed.length]!
      const [name, fault] = pick(Object.entries(faults))!
      happened.set(name, (happened.get(name) ?? 0) + 1)
      await fault(at, random() * leaseMs * 2.5)
    }
  }

  /** A verifier that meets a database which is away does not start; the next one may, but not for ever. */
  async function placeAnew(): Promise<Placed> {
    for (let attempt = 1; ; attempt++)
      try {
        return await lab.place(env)
      } catch (error) {
        if (attempt === 5) throw error
      }
  }

  async function harmAll() {
    const kinds = {
      'listeners lost': () => loseListeners(lab),
      'verifier killed': async () => {
        const i = Math.floor(random() * placed.length)
        await placed[i]!.process.kill()
        placed[i] = await placeAnew()
      },
      'Postgres restarted': () => restart(server, false),
      'Postgres crashed': () => restart(server, true),
    }
    const names = Object.keys(kinds) as (keyof typeof kinds)[]
    for (let i = 0; !isOver(); i++) {
      await pause(2_500 + random() * 2_500)
      const name = names[i % names.length]!
      happened.set(name, (happened.get(name) ?? 0) + 1)
      options.say?.(name)
      await kinds[name]()
    }
  }

  await Promise.all([
    supply(),
    ...Array.from({ length: revokers }, (_, i) => revokeForever(i)),
    ...Array.from({ length: askers }, askForever),
    ...placed.map((_, i) => harm(i)),
    harmAll(),
  ])
  return { history, faults: happened }
}
