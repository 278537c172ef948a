import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { alone, badHabits, silenced, sqlTime } from './habits.ts'
import { parse, readTree } from './source.ts'

const product = parse(readTree('src', 'jobs'))
const everything = parse(readTree('src', 'jobs', 'migrations', 'local-slack', 'sandbox', 'bench', 'test'))

test('the product asks neither time nor chance, opens no token but to show it once, commits nothing by hand, and has no any', () => {
  expect(badHabits(product)).toEqual([])
})

test('neither a migration nor the schema lets SQL ask the time, and nothing anywhere is of type any', () => {
  expect(badHabits(parse(readTree('migrations')), ['lets SQL ask the time'])).toEqual([])
  const schema = new URL('../../schema/', import.meta.url)
  const files = readdirSync(schema, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.sql'),
  )
  expect(files).toContain('functions/merge_usage.sql')
  expect(files.filter((file) => sqlTime.test(readFileSync(new URL(file, schema), 'utf8')))).toEqual([])
  expect(badHabits(everything, ['uses any'])).toEqual([])
})

test('nobody silences the compiler, and no test runs alone', () => {
  expect(silenced(everything)).toEqual([])
  expect(alone(everything)).toEqual([])
})

describe('it would be noticed if a file', () => {
  const seen = (text: string, path = 'src/keys/a.ts') => badHabits(parse(new Map([[path, text]])))

  test.each([
    ['uses any', 'const a = b as any'],
    ['asks the real time', 'const a = Date.now()'],
    ['asks the real time', 'const a = new Date()'],
    ['asks the real time', 'const a = (now = Date.now) => now()'],
    ['asks chance', 'const a = Math.random()'],
    ['asks chance', `import { randomBytes } from 'node:crypto'`],
    ['asks chance', 'const a = crypto.randomUUID()'],
    ['lets SQL ask the time', 'db.raw(`update keys set at = now()`)'],
    ['lets SQL ask the time', `db.raw('select CURRENT_TIMESTAMP')`],
    ['lets SQL ask the time', 'db.insert({ at: db.fn.now() })'],
    ['opens a token', 'log.info(made.token.open())'],
    ['opens a token', `const secret = token['open']()`],
    ['opens a token', 'const open = token.open.bind(token)'],
    ['commits by hand', 'await trx.commit()'],
    ['commits by hand', `await act.trx['commit']()`],
    ['commits by hand', 'await (await db.transaction()).commit()'],
    ['commits by hand', 'work(trx).then(trx.commit)'],
  ])('%s: %s', (habit, text) => {
    expect(seen(text)).toEqual([`src/keys/a.ts:1 ${habit}`])
  })

  test('does what looks alike, it is let be', () => {
    const innocent = [
      'const a = new Date(row.at)',
      'const a = clock.now()',
      'await web.views.open({ trigger_id, view })',
      'const a = counts.open',
      'db.raw(`select clock_timestamp()`)',
    ]
    expect(innocent.flatMap((text) => seen(text))).toEqual([])
    expect(seen('token.open()', 'src/slack/messages/keys/show-once.ts')).toEqual([])
  })

  test('silences the compiler or lets a test run alone', () => {
    const text = `// ${'@ts'}-ignore\ntest.concurrent.only('a', () => {})`
    const source = parse(new Map([['test/a.test.ts', text]]))
    expect(silenced(source)).toEqual([`test/a.test.ts: ${'@ts'}-ignore`])
    expect(alone(source)).toEqual(['test/a.test.ts:2 runs alone'])
  })
})
