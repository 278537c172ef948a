import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { shell } from '../setup/shell.ts'
import { rankOf } from '../structure/ranks.ts'
import { tables } from './tables.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(root + path, 'utf8')
const pages = ['docs', 'deploy', 'bench', 'client', 'local-slack'].flatMap(markdownIn)
const documents = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pages]

function markdownIn(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `${folder}/${path}`)
}

test.each(Object.keys(tables) as (keyof typeof tables)[])(
  'the table of %s in README or docs is what the code says (npm run readme writes it)',
  (name) => {
    const { page, make } = tables[name]
    const text = read(page)
    const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`]
    const from = text.indexOf(begin) + begin.length
    const to = text.indexOf(end)
    expect(from).toBeGreaterThan(begin.length)
    expect(to).toBeGreaterThanOrEqual(from)
    const table = `${make()}\n`
    if (process.env.UPDATE_README) writeFileSync(root + page, text.slice(0, from) + table + text.slice(to))
    else expect(text.slice(from, to)).toBe(table)
  },
)

test.each(documents)('what %s links to within the project is there, headings included', (path) => {
  const broken = linksOf(path).filter(
    ({ target, heading }) =>
      !existsSync(resolve(root, target)) || (heading !== undefined && !headingsOf(target).includes(heading)),
  )
  expect(broken).toEqual([])
})

test.each(documents)('the files and folders of the project that %s names are there', (path) => {
  const named = [
    ...read(path).matchAll(/`((?:src|jobs|migrations|schema|sandbox|bench|test|bin|client)\/[\w./-]+)[`\s]/g),
  ]
  const missing = named.map(([, name]) => name!).filter((name) => !existsSync(root + name))
  expect(missing).toEqual([])
})

test('links from the README lead to every page, and to the proxies', () => {
  const found = new Set(['README.md'])
  for (const path of found)
    if (path.endsWith('.md')) for (const { target } of linksOf(path)) found.add(target)
  expect([...documents, 'docs/openapi.yml'].filter((page) => !found.has(page))).toEqual([])
  expect([...found].some((target) => target.startsWith('deploy/proxies'))).toBe(true)
})

/** Within the project, as paths from its root. */
function linksOf(path: string): { target: string; heading?: string }[] {
  const links = [...read(path).matchAll(/(?:\]\(|src="|srcset=")([^)"#\s]*)(?:#([^)"\s]+))?/g)]
  return links
    .filter(([, target]) => !/^[a-z]+:/.test(target!))
    .map(([, target, heading]) => ({
      target: target === '' ? path : relative(root, resolve(root, dirname(path), target!)),
      ...(heading && { heading }),
    }))
}

/** As GitHub names them in addresses. */
const headingsOf = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

test('every measurement has its line, and no line outlives its command', () => {
  const { scripts } = JSON.parse(read('package.json'))
  const commands = Object.keys(scripts).filter((name) => name.startsWith('bench:'))
  const explained = [...read('bench/README.md').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
  expect(explained.sort()).toEqual(commands.sort())
})

test('bin/faults lists every schedule of faults, and each is an npm command too', () => {
  const { scripts } = JSON.parse(read('package.json'))
  const commands = Object.keys(scripts).filter((name) => name.startsWith('faults:'))
  const { stdout } = spawnSync(`${root}bin/faults`, { encoding: 'utf8' })
  const listed = [...stdout.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => `faults:${name}`)
  expect(listed.sort()).toEqual(commands.sort())
})

test.each(documents)('the npm commands that %s names are there', (path) => {
  const { scripts } = JSON.parse(read('package.json'))
  const named = [...read(path).matchAll(/npm run ([a-z][a-z:_-]*[a-z])(?![\w:])/g)].map(([, name]) => name!)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})

test("the operator's page has every command of the shell", async () => {
  const subcommands = async (words: string[]) => {
    const { out } = await shell(['help', ...words], {})
    const [, list = ''] = out.split('Commands:\n')
    return [...list.matchAll(/^ {2}([a-z]+(?:-[a-z]+)*)/gm)].map(([, name]) => name!)
  }
  const page = read('docs/operator.md')
  const lacking: string[] = []
  for (const name of await subcommands([])) {
    const under = name === 'help' ? [] : (await subcommands([name])).filter((one) => one !== 'help')
    for (const command of under.length > 0 ? under.map((one) => `${name} ${one}`) : [name])
      if (name !== 'help' && !page.includes(`keywarden ${command}`)) lacking.push(command)
  }
  expect(lacking).toEqual([])
})

test('the table of rooms in the architecture has every room there is, with its rank', () => {
  const rows = [...read('docs/architecture.md').matchAll(/^\| (\d+) \| `(\w+)` \|/gm)]
  const documented = Object.fromEntries(rows.map(([, rank, room]) => [room, Number(rank)]))
  const inside = readdirSync(`${root}src`, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const rooms = [...inside.map(({ name }) => name), 'jobs', 'main']
  expect(documented).toEqual(Object.fromEntries(rooms.map((room) => [room, rankOf[room]])))
})

test.each(documents.filter((path) => path !== 'CHANGELOG.md'))(
  '%s has no word that the glossary replaces',
  (path) => {
    const [, ending] = read('docs/glossary.md').split('## Words that are not used')
    const [, words, code] = ending!.split('| not used | write instead |')
    const replaced = [...words!.matchAll(/^\| (\w[\w, ]*) \|/gm)].flatMap(([, cell]) => cell!.split(', '))
    expect(replaced).toContain('doors')
    expect(code).toContain('`Deps`')
    const whole = path === 'docs/glossary.md' ? read(path).replace(ending!, '') : read(path)
    // The title of a test that is quoted is its own.
    const text = whole.replace(/\[[^\]]*\]\(\.\.\/test\/[^)]*\)/g, '')
    expect(text.match(new RegExp(`\\b(${replaced.join('|')})\\b`, 'gi')) ?? []).toEqual([])
  },
)

test('every dependency has its line, and no line outlives its dependency', () => {
  const installed = ['package.json', 'local-slack/package.json'].flatMap((path) => {
    const { dependencies, devDependencies } = JSON.parse(read(path))
    return Object.keys({ ...dependencies, ...devDependencies })
  })
  const explained = [...read('docs/dependencies.md').matchAll(/^- `([^`]+)`/gm)].map(([, name]) => name)
  expect([...new Set(explained)].sort()).toEqual([...new Set(installed)].sort())
})

test('no picture of the documentation is larger than 200 kB', () => {
  const folder = `${root}docs/screenshots/`
  const sizes = readdirSync(folder).map((file) => ({ file, bytes: readFileSync(folder + file).length }))
  expect(sizes.length).toBeGreaterThan(0)
  expect(sizes.filter(({ bytes }) => bytes > 200_000)).toEqual([])
})
