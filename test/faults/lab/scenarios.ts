import { setTimeout as pause } from 'node:timers/promises'
import { Agent, fetch } from 'undici'
import { fetchOperations } from '../../../sandbox/operations.ts'
import { openCable } from './cable.ts'
import type { Lab, Placed } from './lab.ts'
import { ask, until } from './lab.ts'
import { dump } from './restore.ts'
import type { LabKey } from './seed.ts'

/** Every verdict of a verify that started after the confirmation. None may be VALID. */
export type Scenario = (stage: Stage) => Promise<string[]>

type Stage = {
  lab: Lab
  /** a verifier with a lease of that length, of the product under test */
  place(lease: string): Promise<Placed>
  /** the operator's command of the product under test, over that URL; resolves with its exit code */
  shell(url: string, ...args: string[]): Promise<number | null>
  /** a hot standby of the server, which has everything that is there now and replays nothing from then on; its URL */
  lateStandby(): Promise<string>
}

type Placing = Pick<Stage, 'lab' | 'place'>

/**
 * Leases are long where nobody waits for one: then none runs out and no renewal comes in between, however slow the
 * machine is. Where a schedule waits for a lease to end, it is `waitedOut`: still long beside all that must happen
 * inside it.
 */
const long = '60s'
const waitedOut = '5s'

/** A verifier, and a key that it has in memory. */
async function warmed(stage: Placing, lease = long): Promise<{ a: Placed; key: LabKey }> {
  const a = await stage.place(lease)
  const [key] = await stage.lab.keys(1)
  await warm(a, key!)
  return { a, key: key! }
}

/** A verifier that has a lease, and a key that it has not read yet: without a lease no read is joined or kept. */
async function unread(stage: Placing, lease: string): Promise<{ a: Placed; key: LabKey }> {
  const { a } = await warmed(stage, lease)
  const [key] = await stage.lab.keys(1)
  return { a, key: key! }
}

/** Asks until the key is in memory: what is read while there is no lease is not kept. */
async function warm(a: Placed, key: LabKey): Promise<void> {
  await until(async () => {
    const verdict = await a.ask(key)
    if (verdict !== 'VALID') throw new Error(`the stage is not set: ${verdict}`)
    return (await remembered(a)) > 0
  })
}

async function remembered(a: Placed): Promise<number> {
  const metrics = await (await fetchOperations(`${a.process.url}/metrics`)).text()
  return Number(/^keywarden_remembered_keys (\d+)$/m.exec(metrics)![1])
}

/**
 * Asks, and returns as soon as the question has arrived; its verdict may take longer. The question goes over a connection
 * that is there already.
 */
async function asked(a: Placed, key: LabKey): Promise<{ verdict: Promise<string> }> {
  const own = new Agent({ connections: 1 })
  await trip(a, own)
  const verdict = ask(a.process.url, key, own).finally(() => own.close())
  await taken(a)
  return { verdict }
}

/** The same where there is no lease: before it looks for the key, the verifier asks the database who is asking. */
async function askedWithoutLease(a: Placed, key: LabKey): Promise<{ verdict: Promise<string> }> {
  const asker = a.cable.hold('service tokens by hash', 'reply')
  const question = await asked(a, key)
  await asker.reached
  asker.release()
  await taken(a)
  return question
}

/** A verifier has read a notification two round trips on another connection after it was sent. */
async function taken(a: Placed): Promise<void> {
  for (let trips = 0; trips < 2; trips++) await trip(a)
}

async function trip(a: Placed, dispatcher?: Agent): Promise<void> {
  const through = dispatcher ? { dispatcher } : {}
  await (await fetch(`${a.process.url}/healthz`, through)).text()
}

/**
 * Holds a verifier's questions of these names from now on, and returns when those that were on their way have been
 * answered: what is committed after that reaches the verifier by none of them.
 */
async function holdingBack(a: Placed, ...statements: string[]): Promise<{ release(): void }> {
  const holds = statements.map((statement) => a.cable.hold(statement, 'request'))
  await Promise.all(holds.map((hold) => hold.answered))
  return { release: () => holds.forEach((hold) => void hold.release()) }
}

async function renewals(lab: Lab, a: Placed): Promise<number> {
  const { rows } = await lab.sql.query('select renewals::int from leases where name = $1', [a.process.name])
  return rows[0]?.renewals ?? 0
}

async function renewed(lab: Lab, a: Placed): Promise<void> {
  const before = await renewals(lab, a)
  await until(async () => (await renewals(lab, a)) > before, 2)
}

/** A verifier that is cut off when a key is revoked. */
export const cutOff: Scenario = async (stage) => {
  const { a, key } = await warmed(stage, waitedOut)
  a.cable.blackhole()
  await stage.lab.confirm(await stage.lab.revoke(key))
  const { verdict } = await asked(a, key)
  // A call of the database now need not wait until it times out.
  a.cable.reset()
  return [await verdict]
}

/** The key is read before the revoke, and the answer arrives after the confirmation. */
export const lateFill: Scenario = async ({ lab, place }) => {
  const { a, key } = await unread({ lab, place }, long)
  const reading = a.cable.hold('keys by hash', 'reply')
  const first = a.ask(key)
  await reading.reached
  await lab.confirm(await lab.revoke(key))
  reading.release()
  await first
  return [await a.ask(key)]
}

/** The same, but somebody asks again while the answer is still on its way. */
export const joinedFill: Scenario = async ({ lab, place }) => {
  const { a, key } = await unread({ lab, place }, long)
  const reading = a.cable.hold('keys by hash', 'reply')
  const first = a.ask(key)
  await reading.reached
  await lab.confirm(await lab.revoke(key))
  const { verdict: second } = await asked(a, key)
  reading.release()
  await first
  return [await second]
}

/** The database has the acknowledgement, and the verifier does not yet know that it has. */
export const slowAcknowledgement: Scenario = async (stage) => {
  const { a, key } = await warmed(stage)
  // A renewal would bring the change too, and make good what is being looked at.
  const renewing = await holdingBack(a, 'renew')
  const acknowledging = a.cable.hold('acknowledge', 'reply')
  await stage.lab.confirm(await stage.lab.revoke(key))
  const verdict = await a.ask(key)
  for (const hold of [renewing, acknowledging]) hold.release()
  return [verdict]
}

/** A renewal is granted before the revoke, and its reply arrives when everybody has waited for the lease to end. */
export const lateReply: Scenario = async (stage) => {
  const { a, key } = await warmed(stage, waitedOut)
  const { lab } = stage
  const learning = await holdingBack(a, 'changes')
  const renewing = a.cable.hold('renew', 'reply')
  await renewing.reached
  await lab.confirm(await lab.revoke(key))
  const next = a.cable.hold('renew', 'request')
  renewing.release()
  // The next renewal is asked for when the reply to this one has been heard.
  let isHeard = false
  const heard = next.reached.then(() => {
    isHeard = true
  })
  const verdicts: string[] = []
  while (!isHeard) verdicts.push(await a.ask(key))
  await heard
  verdicts.push(await a.ask(key))
  for (const hold of [learning, next]) hold.release()
  return verdicts
}

/** Two transactions change keys at once; the one that began first commits last. */
export const overtaking: Scenario = async (stage) => {
  const { a, key } = await warmed(stage)
  const { lab } = stage
  const [other] = await lab.keys(1)
  const { default: pg } = await import('pg')
  const slow = new pg.Client(lab.url)
  await slow.connect()
  await slow.query('begin')
  await slow.query(`update keys set status = 'revoked' where id = $1`, [key.id])
  await slow.query('set constraints all immediate')
  const { rows: drawn } = await slow.query('select max(seq)::int as seq from changes')
  const fast = lab.revoke(other!)
  // Either it has overtaken and the verifier has acknowledged it, or it waits for its turn.
  await until(async () => {
    const { rows } = await slow.query(
      `select exists (select from pg_locks where locktype = 'advisory' and not granted)
         or exists (select from leases where acknowledged > $1) as ok`,
      [drawn[0].seq],
    )
    return rows[0].ok
  })
  await slow.query('commit')
  await slow.end()
  await lab.confirm(drawn[0].seq)
  const verdict = await a.ask(key)
  await lab.confirm(await fast)
  return [verdict, await a.ask(key)]
}

/** A verifier was silent for its lease, and renews just before it is fenced. */
export const lateReturn: Scenario = async (stage) => {
  const { a, key } = await warmed(stage, waitedOut)
  const { lab } = stage
  const b = await stage.place(long)
  const [next] = await lab.keys(1)
  const fencing = b.cable.hold('fence', 'request')
  a.cable.blackhole()
  const seq = await lab.revoke(key)
  await fencing.reached
  a.cable.heal()
  await renewed(lab, a)
  await until(async () => (await a.ask(next!)) === 'VALID' && (await a.ask(key)) === 'REVOKED')
  await renewed(lab, a)
  const learning = await holdingBack(a, 'renew', 'changes')
  fencing.release()
  await lab.confirmedByOthers(seq)
  await warm(a, next!)
  await lab.confirm(await lab.revoke(next!))
  const verdict = await a.ask(next!)
  learning.release()
  return [verdict]
}

/** The lease has run out, and a read from its time is still under way. */
export const outsideTheLease: Scenario = async ({ lab, place }) => {
  const { a, key } = await unread({ lab, place }, waitedOut)
  const reading = a.cable.hold('keys by hash', 'reply')
  const first = a.ask(key)
  await reading.reached
  const learning = await holdingBack(a, 'renew', 'changes')
  await lab.confirm(await lab.revoke(key))
  const { verdict: second } = await askedWithoutLease(a, key)
  reading.release()
  await first
  const verdict = await second
  learning.release()
  return [verdict]
}

/** A verifier that was fenced comes back, and has a new lease before it reads what changed. */
export const fencedAndBack: Scenario = async (stage) => {
  const { a, key } = await warmed(stage, waitedOut)
  a.cable.blackhole()
  await stage.lab.confirm(await stage.lab.revoke(key))
  const learning = a.cable.hold('changes', 'request')
  a.cable.reset()
  a.cable.heal()
  await until(async () => (await renewals(stage.lab, a)) > 1)
  const verdict = await a.ask(key)
  learning.release()
  return [verdict]
}

/** The same, while a read from before is still under way. */
export const fencedWhileReading: Scenario = async ({ lab, place }) => {
  const { a, key } = await unread({ lab, place }, waitedOut)
  const reading = a.cable.hold('keys by hash', 'reply')
  const first = a.ask(key)
  await reading.reached
  const learning = await holdingBack(a, 'changes')
  const renewing = await holdingBack(a, 'renew')
  await lab.confirm(await lab.revoke(key))
  renewing.release()
  await until(async () => (await renewals(lab, a)) > 1)
  reading.release()
  await first
  const verdict = await a.ask(key)
  learning.release()
  return [verdict]
}

/** Renewals pass, and what changed cannot be read. */
export const renewsWithoutLearning: Scenario = async (stage) => {
  const { a, key } = await warmed(stage, waitedOut)
  const learning = await holdingBack(a, 'changes')
  await stage.lab.confirm(await stage.lab.revoke(key))
  const verdict = await a.ask(key)
  learning.release()
  return [verdict]
}

/** A renewal carries the change, and its reply has not arrived; the lease from before still runs. */
export const renewedButNotLearnt: Scenario = async (stage) => {
  const { a, key } = await warmed(stage, '12s')
  const { lab } = stage
  // The confirming process is of the product under test too.
  await stage.place(long)
  await renewed(lab, a)
  const learning = await holdingBack(a, 'changes')
  await lab.confirmedByOthers(await lab.revoke(key))
  const verdict = await a.ask(key)
  learning.release()
  return [verdict]
}

/** A whole workspace is suspended: its keys are named nowhere in the log. */
export const suspended: Scenario = async (stage) => {
  const { a, key } = await warmed(stage)
  const { lab } = stage
  await lab.sql.query('update workspaces set suspended_at = now()')
  const { rows } = await lab.sql.query('select max(seq)::int as seq from changes')
  await lab.confirm(rows[0].seq)
  return [await a.ask(key)]
}

/** The log was pruned, and its sequence starts again, as where sequences are not replicated. */
export const sequenceRestarted: Scenario = async (stage) => {
  const { a, key } = await warmed(stage)
  const { lab } = stage
  for (const other of await lab.keys(3)) await lab.confirm(await lab.revoke(other))
  await lab.sql.query(`begin; update change_log set pruned_to = (select max(seq) from changes);
    delete from changes; alter sequence change_seq restart; commit`)
  await lab.confirm(await lab.revoke(key))
  return [await a.ask(key)]
}

/** Tables are put back to where they were before some changes, in the database that everybody stays connected to. */
export const wentBack: Scenario = async (stage) => {
  const { a, key } = await warmed(stage, waitedOut)
  const { lab } = stage
  for (const other of await lab.keys(3)) await lab.confirm(await lab.revoke(other))
  await lab.sql.query(`begin; delete from changes; alter sequence change_seq restart;
    update leases set head_at_renewal = 0, acknowledged = 0; commit`)
  await lab.confirm(await lab.revoke(key))
  return [await a.ask(key)]
}

/** A dump is restored that is older than a verifier, which is cut off meanwhile and still has its lease. */
export const restored: Scenario = async (stage) => {
  const { lab } = stage
  const lease = '12s'
  await (await stage.place(lease)).process.end()
  const [key] = await lab.keys(1)
  const older = await dump(lab)
  const a = await stage.place(lease)
  await warm(a, key!)
  await renewed(lab, a)
  a.cable.blackhole()
  await older.restore()
  await lab.confirm(await lab.revoke(key!))
  const { verdict } = await asked(a, key!)
  a.cable.reset()
  return [await verdict]
}

/** The connection is cut before the server has the COMMIT of the operator's revoke. */
export const cutAtCommit: Scenario = async (stage) => {
  const { a, key } = await warmed(stage)
  const cable = await openCable(stage.lab.url)
  const committing = cable.hold('COMMIT;', 'request')
  const ended = stage.shell(cable.url, 'keys', 'revoke', key.id, '--yes')
  await committing.reached
  cable.reset()
  committing.release()
  const verdict = await toldBy(await ended, a, key)
  await cable.close()
  return [verdict]
}

/** The verdict on a key whose revoke the command reported as confirmed; else how the command ended. */
const toldBy = async (code: number | null, a: Placed, key: LabKey): Promise<string> =>
  code === 0 ? a.ask(key) : `exit code ${code}`

/** A dump is restored that lacks the change, while the operator's command waits for its confirmation. */
export const lostInAWait: Scenario = async (stage) => {
  const { lab } = stage
  const [key] = await lab.keys(1)
  const older = await dump(lab)
  const a = await stage.place(long)
  await warm(a, key!)
  a.cable.blackhole()
  const ended = stage.shell(lab.url, 'keys', 'revoke', key!.id, '--yes')
  await until(async () => {
    const { rows } = await lab.sql.query('select from changes where request_id is not null')
    return rows.length > 0
  })
  await older.restore()
  const code = await ended
  a.cable.heal()
  return [await toldBy(code, a, key!)]
}

/** Changes are lost that a verifier acknowledged; then as many are made as it takes to get their numbers again. */
export const numbersAgain: Scenario = async (stage) => {
  const { lab } = stage
  const a = await stage.place(waitedOut)
  const [first, second, key, ...lost] = await lab.keys(8)
  await lab.confirm(await lab.revoke(first!))
  await renewed(lab, a)
  const older = await dump(lab)
  for (const each of lost) await lab.confirm(await lab.revoke(each))
  await older.restore()
  await renewed(lab, a)
  // It waits for verifiers of before the restore, of which there are none when the next is made.
  await lab.confirm(await lab.revoke(second!))
  await warm(a, key!)
  const learning = await holdingBack(a, 'renew', 'changes')
  await lab.confirm(await lab.revoke(key!))
  const verdict = await a.ask(key!)
  learning.release()
  return [verdict]
}

/** A process waits for a change nearly as long as leases are when a dump is restored that lacks it. */
export const restoredInAWait: Scenario = async (stage) => {
  const { lab } = stage
  const lease = '12s'
  await (await stage.place(lease)).process.end()
  const [lost, key] = await lab.keys(2)
  const older = await dump(lab)
  // One that is silent from now on, one that waits for it to be, and one that is cut off when it has renewed.
  const [silent, , a] = [await stage.place(lease), await stage.place(lease), await stage.place(lease)]
  await warm(a, key!)
  silent.cable.blackhole()
  await lab.revoke(lost!)
  await pause(9_000)
  await renewed(lab, a)
  a.cable.blackhole()
  await older.restore()
  await lab.confirm(await lab.revoke(key!))
  const { verdict } = await asked(a, key!)
  a.cable.reset()
  silent.cable.reset()
  return [await verdict]
}

/** The address of the database leads to a hot standby that is late. */
export const ledToStandby: Scenario = async (stage) => {
  const { a, key } = await warmed(stage, waitedOut)
  const standby = await stage.lateStandby()
  a.cable.lead(standby)
  a.cable.reset()
  await stage.lab.confirm(await stage.lab.revoke(key))
  return [await a.ask(key)]
}
