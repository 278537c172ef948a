import type { PersonClient } from 'local-slack/person'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NodeLine, nodeFolder, nodeLines } from '../../sandbox/services/node-programs.ts'
import { administer, databaseUrl } from '../setup/administer.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { answerTo, makeKey } from '../setup/house.ts'
import { type ProcessHouse, processHouse } from '../setup/process-house.ts'
import { freshRedis } from '../setup/redis.ts'
import { directMessages } from '../setup/seen.ts'
import { keywarden } from '../setup/shell.ts'

/** The folder of that Node, or why this machine cannot have it. A CI must have it, since nobody reads its warnings. */
async function find(line: NodeLine): Promise<{ folder?: string; why?: string }> {
  try {
    return { folder: await nodeFolder(line, console.log) }
  } catch (error) {
    if (process.env.CI) throw error
    return { why: (error as Error).message }
  }
}

const found = await Promise.all(nodeLines.map(async (line) => ({ line, ...(await find(line)) })))
for (const { line, why } of found) if (why) console.warn(`Nothing is tested on Node ${line}. ${why}`)

for (const { line, folder } of found)
  describe.skipIf(!folder)(`on Node ${line}`, () => {
    const PATH = `${folder}:${process.env.PATH}`
    let database: FreshDatabase
    let redis: Awaited<ReturnType<typeof freshRedis>>
    let house: ProcessHouse
    beforeAll(async () => {
      ;[database, redis] = await Promise.all([freshDatabase(), freshRedis()])
      house = await processHouse({ databaseUrl: database.url, redisUrl: redis.url }, { PATH })
    })
    afterAll(async () => {
      await house?.stop()
      await Promise.all([database.drop(), redis.drop()])
    })

    test('the command says its version, and that this Node runs it', async () => {
      const { code, out } = await keywarden(['--version'], { PATH })
      expect(code).toBe(0)
      expect(out).toMatch(new RegExp(`^\\d+\\.\\d+\\.\\d+ \\(Node ${line}\\.\\d+\\.\\d+\\)\\n$`))
    })

    test('an empty database is migrated', async () => {
      const name = `${new URL(database.url).pathname.slice(1)}_empty`
      await administer(database.url, `create database ${name}`)
      const { code, err } = await keywarden(['migrate'], {
        PATH,
        DATABASE_URL: databaseUrl(database.url, name),
      })
      await administer(database.url, `drop database ${name} with (force)`)
      expect({ code, err }).toEqual({ code: 0, err: '' })
    })

    test('doctor finds nothing wrong, the version of Node included', async () => {
      const { code, out } = await keywarden(['doctor'], house.env)
      expect(out).toMatch(new RegExp(`^ok +Node +version ${line}\\.`, 'm'))
      expect({ code, failed: out.match(/^FAIL.*/gm) }).toEqual({ code: 0, failed: null })
    })

    test('bot, verifier and worker run: a key is made and accepted, a job runs, a picture is drawn', async () => {
      const manager = house.as('manager')
      const token = await makeKey(manager, { name: 'Salesforce CRM' })
      expect(await house.verify(token)).toMatchObject({ status: 200, code: 'VALID' })
      const requests = async () =>
        Number((await house.world.db('key_usage').sum({ all: 'requests' }))[0]?.all)
      await expect.poll(requests).toBe(1)
      const ran = async () => (await house.world.db('job_runs').whereNotNull('finished_at')).length
      await expect.poll(ran, { timeout: 40_000 }).toBeGreaterThan(0)

      await answerTo(manager, 'usage Salesforce CRM')
      const file = await fetch(`${house.slack.url}/files/${await pictureFor(manager)}`)
      expect((await sharp(Buffer.from(await file.arrayBuffer())).metadata()).format).toBe('png')
    })
  })

/** The id of the file of the newest picture in this person's direct messages, once there is one. */
const pictureFor = (who: PersonClient): Promise<string> =>
  who.waitFor((screen) => {
    const images = directMessages(screen)
      .flatMap(({ blocks }) => blocks)
      .filter((block) => block.type === 'image')
    return (images.at(-1) as { slack_file?: { id: string } } | undefined)?.slack_file?.id
  })
