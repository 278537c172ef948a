import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { importsOf, parse, readTree } from './source.ts'

const root = new URL('../../', import.meta.url)
const { dependencies, devDependencies, exports } = JSON.parse(
  readFileSync(new URL('local-slack/package.json', root), 'utf8'),
) as Record<'dependencies' | 'devDependencies' | 'exports', Record<string, string>>

const packageOf = (name: string) => /^(@[^/]+\/)?[^/]+/.exec(name)![0]

/** Imports of files that lie outside the package, and of packages that it does not name. */
function foreign(files: Record<string, string>): string[] {
  return parse(new Map(Object.entries(files))).flatMap((source) => {
    const isTest = source.path.startsWith('local-slack/test/')
    const named = { ...dependencies, ...(isTest ? devDependencies : {}) }
    return importsOf(source)
      .filter(({ to }) =>
        to.startsWith('local-slack/')
          ? !isTest && to.startsWith('local-slack/test/')
          : !to.startsWith('node:') && !(packageOf(to) in named),
      )
      .map(({ from, to }) => `${from} imports ${to}`)
  })
}

test('the local Slack imports its own files and the packages that it names, nothing of this repository', () => {
  const files = Object.fromEntries(readTree('local-slack'))
  expect(Object.keys(files)).toEqual(
    expect.arrayContaining(['local-slack/slack.ts', 'local-slack/page/main.tsx']),
  )
  expect(foreign(files)).toEqual([])
})

test.each([
  ['src', 'local-slack/a.ts', '../src/keys/key.ts', 'src/keys/key.ts'],
  ['jobs', 'local-slack/a.ts', '../jobs/timetable.ts', 'jobs/timetable.ts'],
  ['sandbox', 'local-slack/page/a.tsx', '../../sandbox/acting.ts', 'sandbox/acting.ts'],
  ['test', 'local-slack/test/a.test.ts', '../../test/setup/house.ts', 'test/setup/house.ts'],
  ['its own tests', 'local-slack/a.ts', './test/bolt.ts', 'local-slack/test/bolt.ts'],
  ['a package of the product', 'local-slack/a.ts', 'knex', 'knex'],
  ['a package of its tests', 'local-slack/a.ts', '@slack/bolt', '@slack/bolt'],
])('it would be noticed if it needed %s', (_what, path, named, found) => {
  expect(foreign({ [path]: `import { a } from '${named}'\nexport const b = a` })).toEqual([
    `${path} imports ${found}`,
  ])
})

test('no other file reaches past what the package exports', () => {
  const offered = new Set(Object.keys(exports).map((name) => `local-slack${name.slice(1)}`))
  const others = parse(readTree('src', 'client', 'jobs', 'migrations', 'sandbox', 'bench', 'test'))
  const imports = others.flatMap(importsOf).filter(({ to }) => /^local-slack(\/|$)/.test(to))
  expect(imports.length).toBeGreaterThan(50)
  expect(imports.filter(({ to }) => !offered.has(to))).toEqual([])
  expect(imports.filter(({ from }) => /^(src|client|jobs|migrations)\//.test(from))).toEqual([])
})
