import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { fetchOperations } from '../../sandbox/operations.ts'
import { codes } from '../../src/verification/decide.ts'
import { house, useHouse } from '../setup/house.ts'
import { readTree } from '../structure/source.ts'
import { installed } from './installed.ts'

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url))
const read = (path: string) => readFileSync(deploy + path, 'utf8')

type Rule = { alert: string; expr: string; for: string; labels: object; annotations: object }
const rules: Rule[] = parse(read('prometheus/alerts.yml')).groups.flatMap(
  ({ rules }: { rules: Rule[] }) => rules,
)
type Panel = { title: string; targets?: { expr: string }[] }
const panels: Panel[] = JSON.parse(read('grafana/keywarden.json')).panels
const queries = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
]

const namesIn = (text: string) => [...new Set(text.match(/\bkeywarden_\w+/g) ?? [])]

useHouse()

test('every metric that an alert or the dashboard asks for is one that a running Keywarden shows', async () => {
  const shown = await (await fetchOperations(`${house.keywarden.url}/metrics`)).text()
  const samples = new Set([...shown.matchAll(/^(\w+)(?:\{| )/gm)].map(([, name]) => name!))
  expect(queries.length).toBeGreaterThan(25)
  expect(namesIn(queries.join('\n')).filter((name) => !samples.has(name))).toEqual([])
})

test('every metric of our own is in an alert or on the dashboard', () => {
  const own = [...readTree('src', 'jobs').values()].flatMap((text) =>
    [...text.matchAll(/^\s*(?:name: |gauge\(\s*)'(keywarden_\w+)',/gm)].map(([, name]) => name!),
  )
  const metrics = own.filter((name) => !/keywarden_(message|rotation|offboarding|live)$/.test(name))
  expect(metrics.length).toBeGreaterThan(9)
  const asked = queries.join('\n')
  expect(metrics.filter((name) => !new RegExp(`\\b${name}(_bucket)?\\b`).test(asked))).toEqual([])
})

test('every value of a label that a query names is one that there is', () => {
  const known: Record<string, readonly string[]> = {
    code: codes,
    state: ['waiting', 'failed'],
    status: ['500', '503'],
  }
  const named = queries.flatMap((query) => [...query.matchAll(/(code|state|status)="(\w+)"/g)])
  expect(named.length).toBeGreaterThan(1)
  expect(named.filter(([, label, value]) => !known[label!]!.includes(value!))).toEqual([])
})

test('every alert says how bad it is, what is the matter and what to do', () => {
  for (const rule of rules)
    expect(rule).toMatchObject({
      alert: expect.stringMatching(/^Keywarden[A-Z]/),
      labels: { severity: expect.stringMatching(/^(critical|warning)$/) },
      annotations: { summary: expect.any(String), action: expect.stringMatching(/\.$/) },
    })
})

const promtool = installed('promtool')
const folder = mkdtempSync(join(tmpdir(), 'keywarden-rules-'))
afterAll(() => rmSync(folder, { recursive: true }))
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(promtool!, args, { encoding: 'utf8' })
  return { status, said: stdout + stderr }
}

test.skipIf(!promtool)('Prometheus understands the alerts, and each fires when it should', () => {
  expect(run('check', 'rules', `${deploy}prometheus/alerts.yml`)).toMatchObject({ status: 0 })
  expect(run('test', 'rules', `${deploy}prometheus/alerts.test.yml`)).toEqual({
    status: 0,
    said: expect.stringContaining('SUCCESS'),
  })
})

test.skipIf(!promtool)('Prometheus understands every query of the dashboard', () => {
  const exprs = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  const file = join(folder, 'dashboard.yml')
  const asRules = exprs.map((expr, i) => ({
    record: `dashboard:${i}`,
    expr: expr.replaceAll('$__rate_interval', '5m'),
  }))
  writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules: asRules }] }))
  expect(run('check', 'rules', file)).toMatchObject({ status: 0 })
})
