import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { rankOf } from '../structure/ranks.ts'
import { tables } from './tables.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(root + path, 'utf8')
const documents = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...markdownIn('docs'), ...markdownIn('deploy')]

function markdownIn(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `${folder}/${path}`)
}

test.each(Object.keys(tables) as (keyof typeof tables)[])(
  "README's table of %s is what the code says (npm run readme writes it)",
  (name) => {
    const readme = read('README.md')
    const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`]
    const from = readme.indexOf(begin) + begin.length
    const to = readme.indexOf(end)
    expect(from).toBeGreaterThan(begin.length)
    expect(to).toBeGreaterThanOrEqual(from)
    const table = `${tables[name]()}\n`
    if (process.env.UPDATE_README)
      writeFileSync(`${root}README.md`, readme.slice(0, from) + table + readme.slice(to))
    else expect(readme.slice(from, to)).toBe(table)
  },
)

test.each(documents)('what %s links to within the project is there', (path) => {
  const targets = [...read(path).matchAll(/(?:\]\(|src="|srcset=")([^)"#\s]+)/g)].map(([, target]) => target!)
  const broken = targets.filter(
    (target) => !/^[a-z]+:/.test(target) && !existsSync(resolve(root, dirname(path), target)),
  )
  expect(broken).toEqual([])
})

test('the table of rooms in the architecture has every room there is, with its rank', () => {
  const rows = [...read('docs/architecture.md').matchAll(/^\| (\d+) \| `(\w+)` \|/gm)]
  const told = Object.fromEntries(rows.map(([, rank, room]) => [room, Number(rank)]))
  const inside = readdirSync(`${root}src`, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const rooms = [...inside.map(({ name }) => name), 'jobs', 'main']
  expect(told).toEqual(Object.fromEntries(rooms.map((room) => [room, rankOf[room]])))
})

test('every dependency has its line, and no line outlives its dependency', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))
  const installed = Object.keys({ ...dependencies, ...devDependencies }).sort()
  const explained = [...read('docs/dependencies.md').matchAll(/^- `([^`]+)`/gm)].map(([, name]) => name)
  expect(explained.sort()).toEqual(installed)
})

test('no picture of the documentation is larger than 200 kB', () => {
  const folder = `${root}docs/screenshots/`
  const sizes = readdirSync(folder).map((file) => ({ file, bytes: readFileSync(folder + file).length }))
  expect(sizes.length).toBeGreaterThan(0)
  expect(sizes.filter(({ bytes }) => bytes > 200_000)).toEqual([])
})
