import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Asking, openAsking } from '../setup/asking.ts'
import { fileIn, type Machine, openMachine, runsOf, stepsOf, without } from './playbook.ts'

let asking: Asking
let machine: Machine
beforeAll(async () => {
  asking = await openAsking()
})
afterAll(() => asking?.drop())
afterEach(() => machine?.close())

const env = (more: Record<string, string>) => () => ({ DATABASE_URL: asking.records.database.url, ...more })

/** A key that was used, and what asks for it. */
async function usedKey(name: string, expiresInDays = '90') {
  const { key, token } = await asking.records.key({ name, expiresInDays })
  const ask = async () => (await asking.ask(token.open(), { method: 'GET', path: '/v1/contacts' })).code
  expect(await ask()).toBe('VALID')
  await asking.verifier.usage.flush()
  return { key, ask }
}

const leak = stepsOf('leaked-key')
test.each(runsOf(leak))(
  'a leaked key is to be refused at once and for good, with evidence, which %s',
  async (_said, leftOut) => {
    const { ask } = await usedKey(`leaked without ${leftOut}`)
    machine = await openMachine(env({ KEY: `leaked without ${leftOut}`, REASON: 'seen in a repository' }))
    await machine.run(without(leak, leftOut))
    const wrong: string[] = []
    if ((await ask()) !== 'REVOKED') wrong.push('it is not revoked')
    if (!/GET \/v1\/contacts/.test(fileIn(machine, 'leak-usage.csv'))) wrong.push('nobody knows who used it')
    const audit = fileIn(machine, 'leak-audit.jsonl')
    if (!/key\.deactivated[\s\S]*seen in a repository/.test(audit)) wrong.push('it was not refused at once')
    if (!/key\.revoked/.test(audit)) wrong.push('the end is not in the evidence')
    if (leftOut === 0) expect(wrong).toEqual([])
    else expect(wrong).not.toEqual([])
  },
)

const away = stepsOf('slack-down')
test.each(runsOf(away))(
  'while Slack is down a key is to be stopped by the shell, and what failed sent afterwards, which %s',
  async (_said, leftOut) => {
    const { world, workspace } = asking.records
    const due = `due without ${leftOut}`
    await usedKey(due, '2')
    const { ask } = await usedKey(`stopped without ${leftOut}`)
    const now = world.clock.now()
    await world.db('outbox').delete()
    await world.db('outbox').insert({
      ...{
        id: `msg_${leftOut}`,
        workspace_id: workspace.id,
        source: 'finding',
        subject_id: 'none',
        item_id: 'none',
        step: 'open',
      },
      ...{ destination: 'C1', mode: 'once', put_at: now, outcome: 'failed', completed_at: now },
      last_error: 'invalid_blocks',
    })
    machine = await openMachine(env({ KEY: `stopped without ${leftOut}`, REASON: 'unusual traffic' }))
    await machine.run(without(away, leftOut))
    const wrong: string[] = []
    if (!fileIn(machine, 'due.txt').includes(due)) wrong.push('nobody saw what is due')
    if ((await ask()) !== 'INACTIVE') wrong.push('the key is not stopped')
    if (!fileIn(machine, 'failed.txt').includes('invalid_blocks')) wrong.push('nobody saw what failed')
    const [message] = await world.db('outbox').select('outcome')
    if (message.outcome !== null) wrong.push('the failed message does not wait to be sent')
    if (leftOut === 0) expect(wrong).toEqual([])
    else expect(wrong).not.toEqual([])
  },
)
