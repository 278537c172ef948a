import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { fillKeys, now, workspaceId } from '../../bench/clock/fill.ts'
import { questions } from '../../src/findings/questions.ts'
import { type Database, openDatabase } from '../../src/foundation/database.ts'
import { allWorkspaces } from '../../src/workspaces/workspace.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'

const keys = 20_000
const due = 200

let database: FreshDatabase
let db: Database
beforeAll(async () => {
  database = await freshDatabase()
  await fillKeys(database.url, keys, due)
  db = openDatabase(database.url, { connections: 2, name: 'due only' })
})
afterAll(async () => {
  await db.destroy()
  await database.drop()
})

type Plan = {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]

/** The tables that hold a row for every key, or many. */
const isCounted = (relation = '') => /^(keys|usage_sources.*|usage_spread|review_keys)$/.test(relation)

/** About offboardings, episodes of unusual use and the canary, of which this workspace has none. */
const elsewhere = ['offboarding-late', 'unusual-use', 'canary']

for (const question of Object.values(questions).filter(({ kind }) => !elsewhere.includes(kind)))
  test(`of ${keys} keys, the question "${question.kind}" reads little more than the ${due} that are due`, async () => {
    const workspace = (await allWorkspaces(db)).find(({ id }) => id === workspaceId)!
    const asked: { sql: string; bindings: never[] }[] = []
    const trx = await db.transaction()
    onTestFinished(async () => void (await trx.rollback()))
    trx.on('query', ({ sql, bindings }) => /^\s*(select|with)\b/.test(sql) && asked.push({ sql, bindings }))
    const facts = await question.ask(trx, workspace, now)
    trx.removeAllListeners('query')
    expect(facts.length).toBeGreaterThan(0)
    expect(asked.length).toBeGreaterThan(0)
    let read = 0
    for (const { sql, bindings } of asked) {
      const explained = await trx.raw(
        `explain (analyze, format json) ${sql.replace(/\$\d+/g, '?')}`,
        bindings,
      )
      const plan: Plan = explained.rows[0]['QUERY PLAN'][0].Plan
      for (const node of nodes(plan).filter((one) => isCounted(one['Relation Name']))) {
        // A table of ten rows is read quickest as it lies.
        if (node['Relation Name'] !== 'usage_spread')
          expect(`${node['Node Type']} on ${node['Relation Name']}`).not.toContain('Seq Scan')
        read += (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
      }
    }
    expect(read).toBeGreaterThanOrEqual(facts.length)
    expect(read).toBeLessThan(2 * due)
  })
