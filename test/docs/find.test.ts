import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { importsOf, parse, readTree } from '../structure/source.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const rows = [...read('docs/find.md').matchAll(/^\| ([^|]+\?) \| (`[^|]+`) \| (.+) \|$/gm)].map(
  ([, question, entry, answer]) => ({ question: question!, entry: entry!, answer: answer! }),
)
const sources = new Map(parse(readTree('src', 'jobs')).map((source) => [source.path, source]))

/** Files of the product by how many imports they are away from this one. */
function distancesFrom(entry: string): Map<string, number> {
  const found = new Map([[entry, 0]])
  for (const [path, distance] of found)
    for (const { to } of sources.has(path) ? importsOf(sources.get(path)!) : [])
      if (sources.has(to) && !found.has(to)) found.set(to, distance + 1)
  return found
}

const exported = (path: string, name: string): boolean =>
  new RegExp(`export (?:default |async )*(?:const|function|class|type) ${name}\\b`).test(read(path))

test('nine questions are answered', () => {
  expect(rows.length).toBe(9)
})

describe.each(rows)('$question', ({ entry, answer }) => {
  const files = [...answer.matchAll(/`((?:src|jobs|schema)\/[\w./-]+)`(?: `(\w+)`)?/g)]

  test('each file of the answer exists and exports what is named', () => {
    expect(files.length).toBeGreaterThan(0)
    for (const [, path, name] of files) {
      expect(existsSync(new URL(path!, root)), path).toBe(true)
      if (name) expect(exported(path!, name), `${path} ${name}`).toBe(true)
    }
  })

  test('no file of the answer is more than three from an entry point', () => {
    const distances = [...entry.matchAll(/`([^`]+)`/g)].map(([, path]) => distancesFrom(path!))
    for (const [, path] of files.filter(([, one]) => /\.ts$/.test(one!)))
      expect(Math.min(...distances.map((from) => from.get(path!) ?? Infinity)), path).toBeLessThanOrEqual(3)
  })
})
