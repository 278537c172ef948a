import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Message } from 'local-slack/contract'
import { messagesIn } from 'local-slack/inspect'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordAll } from '../../src/audit/record.ts'
import { administer } from '../setup/administer.ts'
import { general, openDialog, people, said, submitAndSee, type TestHouse, testHouse } from '../setup/house.ts'
import { setPolicyOf } from '../setup/seen.ts'
import { shell } from '../setup/shell.ts'

let house: TestHouse
let folder: string
let env: Record<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keywarden-audit-channel-'))
  const checkpoints = join(folder, 'checkpoints.jsonl')
  house = await testHouse({ env: { KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints } })
  env = { DATABASE_URL: house.world.config.databaseUrl, KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints }
})
afterAll(async () => {
  await house.drop()
  await rm(folder, { recursive: true })
})

/** Something happens, and the hour is over. */
async function anHourLater(events: number, where: TestHouse = house): Promise<void> {
  const { db } = where.world
  const workspaceId = (await db('workspaces').first('id')).id
  const all = Array.from({ length: events }, () => ({ event: 'policy.set' as const, workspaceId }))
  await db.transaction((trx) =>
    recordAll({ actor: { kind: 'job', id: 'test' }, now: where.calendar.now(), trx }, all),
  )
  where.calendar.advance({ days: 0, minutes: 60 })
  await where.keywarden.runTimetable()
}

const words = /kwc1\.[\w-]+\.[\w-]+/
const posted = async (count: number): Promise<Message[]> =>
  house.as('owner').waitFor((screen) => {
    const found = messagesIn(screen, general).filter((message) => words.test(said(message)))
    return found.length >= count && found
  })

test('nothing is posted until an owner chooses a channel in the policy', async () => {
  await anHourLater(3)
  expect(
    messagesIn(await house.as('owner').screen(), general).filter((one) => words.test(said(one))),
  ).toEqual([])
  const owner = house.as('owner')
  const saved = await submitAndSee(owner, await openDialog(owner, 'policy alerts'), { auditChannel: general })
  expect(said(saved.blocks)).toContain('is saved')
})

test('a day is one message, and its later hours are replies in its thread, each only when something was recorded', async () => {
  await anHourLater(2)
  await anHourLater(0)
  await anHourLater(4)
  const [first, second] = await posted(2)
  expect(await posted(2)).toHaveLength(2)
  expect(said(first!)).toMatch(/^Audit of Platform on 2026-11-25: where it ended each hour, signed, is here/)
  expect(first!.threadTs).toBeUndefined()
  expect(second!.threadTs).toBe(first!.ts)
  expect(said(second!)).toMatch(/^Event \d+ was the last on/)
  house.calendar.advance({ days: 1, minutes: 0 })
  await house.keywarden.runTimetable()
  const next = (await posted(3)).at(-1)!
  expect(said(next)).toContain('Audit of Platform on 2026-11-26')
  expect(next.threadTs).toBeUndefined()
})

test('the audit is verified with what was copied from the channel, with the words around it or alone', async () => {
  const messages = await posted(3)
  const copied = join(folder, 'copied.txt')
  await writeFile(copied, `Keywarden  APP  14:00\n“Audit”\n${messages.map(said).join('\n\n')}\n`)
  const fromFile = await shell(['audit', 'verify', '--checkpoints', copied], env)
  expect(fromFile.out).toMatch(/Compared with 3 checkpoints.*\nIntact\./s)
  expect(fromFile.code).toBe(0)
  const alone = words.exec(said(messages[0]!))![0]
  const pasted = await shell(['audit', 'verify', '--checkpoint', alone], env)
  expect(pasted.out).toMatch(/vouches up to event \d+/)
  expect(pasted.code).toBe(0)
  const forged = await shell(['audit', 'verify', '--checkpoint', `${alone.slice(0, -4)}AAAA`], env)
  expect(forged.out).toContain('forged      what was pasted, line 1: its signature is wrong')
  expect(forged.code).toBe(1)
  const cut = await shell(['audit', 'verify', '--checkpoint', alone.slice(0, 60)], env)
  expect(cut.out).toContain('what was pasted, line 1: cut short')
})

test('a chain that was cut shows against a line of the channel when the file is gone too', async () => {
  const last = words.exec(said((await posted(3)).at(-1)!))![0]
  await administer(
    env.DATABASE_URL!,
    `alter table audit_events disable trigger all;
     delete from audit_events where seq > 4;
     update audit_heads set seq = 4, hash = (select hash from audit_events where seq = 4);
     alter table audit_events enable trigger all`,
  )
  const key = await shell(['audit', 'public-key'], env)
  const pem = join(folder, 'public.pem')
  await writeFile(pem, key.out)
  const found = await shell(['audit', 'verify', '--checkpoint', last, '--public-key', pem], {
    DATABASE_URL: env.DATABASE_URL!,
  })
  expect(found.code).toBe(1)
  expect(found.out).toMatch(/truncated/)
})

test('when the audit channel is archived the owners read once what to do, and no proof hour by hour', async () => {
  const own = await testHouse({ env: { KEYWARDEN_AUDIT_CHECKPOINTS: join(folder, 'other.jsonl') } })
  try {
    await setPolicyOf(own, { auditChannel: general })
    await own.slack.archiveChannel(general)
    for (let hour = 0; hour < 3; hour++) await anHourLater(1, own)
    const dm = messagesIn(await own.as('owner').screen(), own.slack.dmOf(people.owner).id).map(said)
    expect(
      dm.filter((text) => text.includes('I cannot post signed checkpoints of the audit in')),
    ).toHaveLength(1)
    expect(dm.some((text) => words.test(text))).toBe(false)
  } finally {
    await own.drop()
  }
})
