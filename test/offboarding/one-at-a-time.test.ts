import { expect, test } from 'vitest'
import { oneAtATime } from '../../src/foundation/one-at-a-time.ts'

/** Work whose runs end when the test says so; each answers with which run it was. */
function runs() {
  const begun: { end(): void; fail(error: Error): void }[] = []
  let under = 0
  let max = 0
  const ask = oneAtATime(async () => {
    max = Math.max(max, ++under)
    const nth = begun.length + 1
    await new Promise<void>((end, fail) => begun.push({ end, fail })).finally(() => under--)
    return nth
  })
  return { ask, begun, max: () => max }
}

/** Lets everything happen that waits for nothing. */
const moment = () => new Promise((resolve) => setImmediate(resolve))

test('calls that come while a run goes on share the one run after it, which begins when that ends', async () => {
  const { ask, begun, max } = runs()
  const first = ask()
  const later = [ask(), ask(), ask()]
  await moment()
  expect(begun).toHaveLength(1)
  begun[0]!.end()
  expect(await first).toBe(1)
  await moment()
  expect(begun).toHaveLength(2)
  begun[1]!.end()
  expect(await Promise.all(later)).toEqual([2, 2, 2])
  await moment()
  expect(begun).toHaveLength(2)
  expect(max()).toBe(1)
})

test('nobody is answered by a run that had begun before they asked, also at the moment in which it ends', async () => {
  const { ask, begun, max } = runs()
  const first = ask()
  const second = ask()
  const third = first.then(() => ({ hadBegun: begun.length, nth: ask() }))
  begun[0]!.end()
  const { hadBegun, nth } = await third
  const answer = nth.then((which) => expect(which).toBeGreaterThan(hadBegun))
  await moment()
  begun[1]!.end()
  expect(await second).toBe(2)
  await moment()
  begun[2]?.end()
  await answer
  expect(max()).toBe(1)
})

test('a run that fails tells those who waited for it, and the run after it comes all the same', async () => {
  const { ask, begun } = runs()
  const first = ask()
  const second = ask()
  begun[0]!.fail(new Error('the database is out'))
  await expect(first).rejects.toThrow('the database is out')
  await moment()
  begun[1]!.end()
  expect(await second).toBe(2)
  const third = ask()
  begun[2]!.end()
  expect(await third).toBe(3)
})

test('work that throws before it begins to wait is a run that failed', async () => {
  let asked = 0
  const ask = oneAtATime((): Promise<number> => {
    if (++asked === 1) throw new Error('at once')
    return Promise.resolve(asked)
  })
  const [first, second] = [ask(), ask()]
  await expect(first).rejects.toThrow('at once')
  expect(await second).toBe(2)
})

test('once it is stopping, what runs comes to its end and what waited for the next run is refused one', async () => {
  const stopping = new AbortController()
  let end = () => {}
  let runs = 0
  const once = oneAtATime(() => {
    runs += 1
    return new Promise<number>((resolve) => {
      end = () => resolve(runs)
    })
  }, stopping.signal)
  const first = once()
  await expect.poll(() => runs).toBe(1)
  const waiting = once().catch((error) => (error as Error).name)
  stopping.abort()
  end()
  expect(await first).toBe(1)
  expect(await waiting).toBe('AbortError')
  await expect(once()).rejects.toThrow()
  expect(runs).toBe(1)
})
