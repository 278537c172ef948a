import { expect, test } from 'vitest'
import { parse, readTree } from './source.ts'
import { readSchema } from './tables.ts'
import { privateWords } from './words.ts'

test('names and comments use no word in a private sense', () => {
  expect(privateWords(parse(readTree('src', 'jobs', 'client', 'local-slack')))).toEqual([])
})

test('comments of the schema use no word in a private sense', () => {
  const files = [...readSchema(), ...readSchema('functions/')]
  expect(files.length).toBeGreaterThan(40)
  const sources = files.map(([path, text]) => {
    const comments = text.split('\n').flatMap((line) => /^\s*--(.*)/.exec(line)?.[1] ?? [])
    return { path, text, statements: [], comments }
  })
  expect(privateWords(sources)).toEqual([])
})

test.each([
  ['const toldUntil = 1', 'src/a.ts:1 toldUntil: sent, reported, notified'],
  ['export type HomeLook = string', 'src/a.ts:1 HomeLook: props, reading'],
  ['const mostKeys = 10', 'src/a.ts:1 mostKeys: max'],
  ['class A { #settle() {} }', 'src/a.ts:1 settle: resolve, complete, close'],
  [
    '// Whoever asks is told',
    'src/a.ts "Whoever asks is told" says whoever: the person who, the process that',
  ],
  ['/** What is due comes first. */', 'src/a.ts "What is due comes first." begins with its object'],
])('it would be noticed: %s', (text, complaint) => {
  expect(privateWords(parse(new Map([['src/a.ts', text]])))).toContain(complaint)
})

test('ordinary English is let be', () => {
  const text = [
    'const almost = 1, bottom = 2, meanwhile = 3',
    'await Promise.allSettled([])',
    "const sentence = 'Use at most 80 characters; tell a manager.'",
    '/** Most keys need at most one look at the table. A long-running job means nothing. */',
  ].join('\n')
  expect(privateWords(parse(new Map([['src/a.ts', text]])))).toEqual([])
})
