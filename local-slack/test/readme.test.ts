import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createSocketMode } from '../delivery/socket.ts'
import { allMethods } from '../web-api/methods.ts'

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const readme = read('README.md')

test('the README lists every import that the package offers', () => {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, string> }
  const rows = [...readme.matchAll(/^\| (`local-slack[^|]*) \|/gm)].flatMap(([, cell]) => cell!.split(', '))
  expect(rows.sort()).toEqual(
    Object.keys(exports)
      .map((name) => `\`local-slack${name.slice(1)}\``)
      .sort(),
  )
})

test('the README lists every method of the Web API that is here', () => {
  const [sentence] = /^It has the methods [\s\S]*?\. Any other/m.exec(readme)!
  const listed = [...sentence.matchAll(/`([\w.]+\.)(?:\{([\w,]+)\}|(\w+))`/g)].flatMap(
    ([, family, several, one]) => (several?.split(',') ?? [one]).map((name) => `${family}${name}`),
  )
  expect(listed.sort()).toEqual(Object.keys(allMethods(createSocketMode('A1', 3))).sort())
})
