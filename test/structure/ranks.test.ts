import { describe, expect, test } from 'vitest'
import { brokenRules, loadedBy } from './ranks.ts'
import { importsOf, parse, readTree } from './source.ts'

const house = parse(readTree('src', 'jobs'))

/** A tree of a few files, to see that a rule can fail. */
const broken = (files: Record<string, string>) => brokenRules(parse(new Map(Object.entries(files))))

test('every file imports from its own room or a lower rank, in no circle, and adds something of its own', () => {
  expect(house.length).toBeGreaterThan(80)
  expect(brokenRules(house)).toEqual([])
})

describe('it would be noticed if', () => {
  const key = 'export const key = 1'

  test.each([
    ['a statement', `import { key } from '../keys/key.ts'\nexport const a = key`],
    ['a type', `import type { Key } from '../keys/key.ts'\nexport type A = Key`],
    ['import() in a type', `export type A = import('../keys/key.ts').Key`],
    ['import() in code', `export const a = await import('../keys/key.ts')`],
    ['a re-export', `export * from '../keys/key.ts'\nexport const a = 1`],
    ['import =', `import a = require('../keys/key.ts')\nexport const b = a`],
  ])('a lower room took something from a higher one by %s', (_way, text) => {
    expect(broken({ 'src/keys/key.ts': key, 'src/members/a.ts': text })).toEqual([
      'src/members/a.ts (members, 1) imports src/keys/key.ts (keys, 5)',
    ])
  })

  test.each([
    ['src/slack/a.ts', '../http/b.ts', 'src/http/b.ts'],
    ['jobs/a.ts', '../src/slack/b.ts', 'src/slack/b.ts'],
    ['src/cli/a.ts', '../../jobs/b.ts', 'jobs/b.ts'],
    ['src/keys/a.ts', '../workspaces/b.ts', 'src/workspaces/b.ts'],
  ])('%s took something from its neighbour', (path, named, other) => {
    const files = { [path]: `import '${named}'\nexport const a = 1`, [other]: key }
    expect(broken(files)).toEqual([expect.stringContaining(`${path} (`)])
  })

  test.each(['sandbox/house.ts', 'bench/ack.ts', 'test/setup/house.ts', 'bin/tool.ts'])(
    'the product needed %s',
    (outside) => {
      const files = { 'src/http/a.ts': `import '../../${outside}'\nexport const a = 1`, [outside]: key }
      const [first] = broken(files).filter((one) => one.startsWith('src/'))
      expect(first).toBe(`src/http/a.ts imports ${outside}, which stands outside`)
    },
  )

  test.each([
    ['local-slack', 'local-slack'],
    ['local-slack/contract', 'local-slack/contract'],
    ['../../local-slack/contract.ts', 'local-slack/contract.ts'],
  ])('the product needed the local Slack, as %s', (named, outside) => {
    const text = `import type {} from '${named}'\nexport const a = 1`
    expect(broken({ 'src/http/a.ts': text })).toEqual([
      `src/http/a.ts imports ${outside}, which stands outside`,
    ])
  })

  test('somebody imported main', () => {
    const files = {
      'src/main.ts': 'console.log(1)',
      'src/start.ts': `import './main.ts'\nexport const a = 1`,
    }
    expect(broken(files)).toEqual(['src/start.ts imports main'])
  })

  test('files went in a circle, be it of types', () => {
    const files = {
      'src/keys/a.ts': `import type { B } from './b.ts'\nexport type A = B`,
      'src/keys/b.ts': `import { c } from './c.ts'\nexport type B = typeof c`,
      'src/keys/c.ts': `export const c = await import('./a.ts')`,
    }
    expect(broken(files)).toEqual([
      'src/keys/a.ts -> src/keys/b.ts -> src/keys/c.ts -> src/keys/a.ts is a circle',
    ])
  })

  test.each([
    ['with export from', `export * from './key.ts'`],
    ['with import and export', `import { key } from './key.ts'\nexport { key }`],
  ])('a file only passed things on %s', (_how, text) => {
    expect(broken({ 'src/keys/key.ts': key, 'src/keys/all.ts': text })).toEqual([
      'src/keys/all.ts only passes on what other files export',
    ])
  })

  test('a room was missing from the table, a file from its room, or an address was computed', () => {
    expect(broken({ 'src/utils/a.ts': key })).toEqual(['src/utils/a.ts is in no room of the table'])
    expect(broken({ 'src/keys/a.ts': `import './gone.ts'\nexport const a = 1` })).toEqual([
      'src/keys/a.ts imports src/keys/gone.ts, which is not there',
    ])
    expect(broken({ 'src/keys/a.ts': 'export const a = (name: string) => import(name)' })).toEqual([
      'src/keys/a.ts computes what it imports',
    ])
  })
})

describe('a verifier', () => {
  /** The modules that start.ts loads for other roles alone. All others count as the verifier's too. */
  const others = ['src/slack/open.ts', 'jobs/engine/worker.ts', 'src/notifications/deliver.ts']
  const start = house.filter((source) => source.path === 'src/start.ts')
  const entries = start.flatMap(importsOf).filter((one) => one.kind === 'dynamic')
  const its = entries.map((one) => one.to).filter((entry) => !others.includes(entry))
  const heavy = ['@slack/bolt', 'bullmq']

  test('loads neither Bolt nor BullMQ, from the command line down', () => {
    const loaded = loadedBy(['src/main.ts', ...its], house)
    expect([...loaded]).toEqual(expect.arrayContaining(['src/verification/decide.ts', 'fastify', 'pg']))
    expect(heavy.filter((name) => loaded.has(name))).toEqual([])
  })

  test('would be noticed to load them: the entry modules of the other roles do', () => {
    const loaded = loadedBy(others, house)
    expect(heavy.filter((name) => loaded.has(name))).toEqual(heavy)
    const inline = parse(
      new Map([['src/http/server.ts', `import { type App } from '@slack/bolt'\nexport type A = App`]]),
    )
    expect(loadedBy(['src/http/server.ts'], inline)).toContain('@slack/bolt')
  })
})
