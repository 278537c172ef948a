import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { logEvents, tableUnder, unionMembers } from './log-events.ts'
import { parse, readTree } from './source.ts'

const product = parse(readTree('src', 'jobs'))
const page = readFileSync(new URL('../../docs/log-events.md', import.meta.url), 'utf8')
const { events, unnamed } = logEvents(product)

test('every log call names its event', () => {
  expect(unnamed).toEqual([])
  expect(events.length).toBeGreaterThan(60)
})

test('docs/log-events.md has each event at its level, and no other', () => {
  const logged = new Set(events.map(({ event, level }) => `${event} ${level}`))
  expect(tableUnder(page, 'Events').map(([event, level]) => `${event} ${level}`)).toEqual([...logged].sort())
})

test('each event has a meaning and a remedy', () => {
  const short = tableUnder(page, 'Events').filter(
    (cells) => cells.length !== 4 || cells.some((cell) => cell.trim() === ''),
  )
  expect(short).toEqual([])
})

test.each([
  ['Refusal codes', 'src/foundation/refusal.ts', 'RefusalCode'],
  ['HTTP error codes', 'src/http/answers.ts', 'ErrorCode'],
])('the table of %s is the type in %s', (heading, path, type) => {
  const source = product.find((one) => one.path === path)!
  const codes = unionMembers(source, type)
  expect(codes.length).toBeGreaterThan(5)
  expect(tableUnder(page, heading).map(([code]) => code)).toEqual(codes.sort())
})

describe('a call is refused', () => {
  const unnamedIn = (text: string) => logEvents(parse(new Map([['src/a.ts', text]]))).unnamed

  test.each([
    ['without an object', `log.info('started')`],
    ['without an event', `world.log.warn({ error }, 'failed')`],
    ['whose event is computed', `log.error({ event: name }, 'failed')`],
    ['whose event is spread in', `bot.world.log.error({ ...about }, 'failed')`],
    ['whose event has no room', `log.info({ event: 'started' }, 'started')`],
    ['whose event is no snake case', `log.info({ event: 'process.isStarted' }, 'started')`],
  ])('%s', (_why, text) => {
    expect(unnamedIn(text)).toEqual(['src/a.ts:1'])
  })

  test('and one with a name is not, nor what is no log', () => {
    expect(unnamedIn(`log.info({ event: 'process.started', url }, 'started')`)).toEqual([])
    expect(unnamedIn('const x = Math.log(1.8)')).toEqual([])
  })
})
