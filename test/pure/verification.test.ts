import pino from 'pino'
import { describe, expect, test } from 'vitest'
import { parseNetworks } from '../../src/keys/networks.ts'
import { clientAddress, clientAddresses } from '../../src/verification/client-address.ts'
import { type Code, decide, type KeyFacts, scopeBits } from '../../src/verification/decide.ts'
import { type KeyRow, toRemembered } from '../../src/verification/entries.ts'
import { Limits, shareOf } from '../../src/verification/limits.ts'
import { Parents } from '../../src/verification/parents.ts'
import { readPath, resolvedPath } from '../../src/verification/path.ts'
import { openMemory } from '../../src/verification/remembered.ts'
import { defaultRows, endpointOfScope, scopeTable } from '../../src/verification/scope-table.ts'
import { ClosedRoutes, readTarget, UnclearRequests } from '../../src/verification/target.ts'

describe('the verdict', () => {
  const good: KeyFacts = {
    ...{ workspace: { id: 'ws_1', isSuspended: false }, status: 'active', scopeBits: scopeBits(['read']) },
    ...{ overAtMs: 1_000, networks: null },
  }
  const inOffice = parseNetworks(['10.0.0.0/8'])

  /** Each case has every later trouble too: the order is a part of the promise. */
  const troubles: [Code, Partial<KeyFacts>, Parameters<typeof decide>[1]][] = [
    ['WRONG_WORKSPACE', {}, { workspaceId: 'ws_2' }],
    ['REVOKED', { status: 'revoked' }, {}],
    ['EXPIRED', { overAtMs: 500 }, {}],
    ['SUSPENDED', { workspace: { id: 'ws_1', isSuspended: true } }, {}],
    ['INACTIVE', { status: 'inactive' }, {}],
    ['UNCLEAR_METHOD', {}, { unclear: 'UNCLEAR_METHOD' }],
    ['INSUFFICIENT_SCOPE', {}, { anyScope: scopeBits(['write']) }],
    ['NETWORK_DENIED', { networks: inOffice }, { ip: '11.0.0.1' }],
  ]

  test.each(troubles.map(([code], n) => [code, n] as const))('%s comes before what follows it', (code, n) => {
    const later = troubles.slice(n + 1)
    const key = Object.assign({ ...good }, ...later.map(([, one]) => one), troubles[n]![1])
    const asked = Object.assign({}, ...later.map(([, , one]) => one), troubles[n]![2])
    expect(decide(key, asked, 500)).toBe(code)
    expect(decide({ ...good, ...troubles[n]![1] }, troubles[n]![2], 500)).toBe(code)
  })

  test('is VALID where nothing stands against it', () => {
    expect(decide(good, {}, 999)).toBe('VALID')
    expect(decide(good, {}, 1_000)).toBe('EXPIRED')
    const asked = { workspaceId: 'ws_1', anyScope: scopeBits(['write', 'read']), ip: '10.1.1.1' }
    expect(decide({ ...good, networks: inOffice }, asked, 0)).toBe('VALID')
    expect(decide({ ...good, networks: inOffice }, {}, 0)).toBe('NETWORK_DENIED')
    expect(decide(good, { anyScope: 0 }, 0)).toBe('INSUFFICIENT_SCOPE')
    expect(decide({ ...good, status: 'unrevealed' }, {}, 0)).toBe('INACTIVE')
    expect(decide(good, { unclear: 'UNCLEAR_PATH' }, 0)).toBe('UNCLEAR_PATH')
  })

  test('takes any one of the scopes', () => {
    expect(
      ['read', 'write', 'conversations', 'agents', 'analytics'].map((one) => scopeBits([one as never])),
    ).toEqual([...[1, 2, 4, 8, 16]])
    expect(scopeBits(['read', 'agents', 'read'])).toBe(9)
    expect(scopeBits([])).toBe(0)
  })
})

describe('a remembered key', () => {
  const row: KeyRow = {
    ...{ token_hash: Buffer.alloc(32), id: 'key_1', workspace_id: 'ws_1', account_id: 'acc_1' },
    ...{ is_suspended: false, status: 'active', scopes: ['read', 'write'], works_until: new Date(5_000) },
    ...{ allowed_networks: [], limit_per_minute: 60 },
  }

  test('has what verdicts need of its row', () => {
    const parents = new Parents()
    const key = toRemembered(row, parents)
    expect(key).toEqual({
      ...{ id: 'key_1', status: 'active', scopes: ['read', 'write'], scopeBits: 3, overAtMs: 5_000 },
      ...{ networks: null, limitPerMinute: 60, tally: undefined },
      workspace: { id: 'ws_1', accountId: 'acc_1', isSuspended: false, isVoid: false },
    })
    const other = toRemembered({ ...row, works_until: null, allowed_networks: ['10.0.0.0/8'] }, parents)
    expect(other.overAtMs).toBe(Number.POSITIVE_INFINITY)
    expect(other.networks).toHaveLength(1)
    expect(other.workspace).toBe(key.workspace)
    // A few lists serve all keys.
    expect(toRemembered({ ...row, scopes: ['read', 'write'] }, parents).scopes).toBe(key.scopes)
    expect(toRemembered({ ...row, scopes: ['write'] }, parents).scopes).toEqual(['write'])
  })

  test('counts as forgotten once its workspace or account is void', () => {
    const parents = new Parents()
    const [one, two] = [parents.workspace('ws_1', 'acc_1', false), parents.workspace('ws_2', 'acc_2', false)]
    parents.voidWorkspace('ws_3')
    parents.voidAccount('acc_2')
    expect([one.isVoid, two.isVoid]).toEqual([false, true])
    expect(parents.workspace('ws_1', 'acc_1', false)).toBe(one)
    expect(parents.workspace('ws_2', 'acc_2', false)).not.toBe(two)
    parents.voidWorkspace('ws_1')
    expect(one.isVoid).toBe(true)
    expect(parents.workspace('ws_1', 'acc_1', false)).not.toBe(one)
  })

  test.each([
    ['suspended', 'acc_1', true],
    ['of another account', 'acc_2', false],
  ])('does not stay in use beside one whose workspace is %s', (_, accountId, isSuspended) => {
    const parents = new Parents()
    const before = parents.workspace('ws_1', 'acc_1', false)
    const now = parents.workspace('ws_1', accountId, isSuspended)
    expect([before.isVoid, now.isVoid]).toEqual([true, false])
    expect(now).toMatchObject({ id: 'ws_1', accountId, isSuspended })
    expect(parents.workspace('ws_1', accountId, isSuspended)).toBe(now)
  })
})

describe('the memory of a verifier', () => {
  function memory(values: Record<string, string | null | Error>) {
    const reads: string[] = []
    const state = { mayAnswer: true, voided: '' }
    const opened = openMemory<string>({
      ...{ capacity: 10, unknownCapacity: 10, mayAnswer: () => state.mayAnswer },
      isVoid: (value) => value === state.voided,
      async read(hash) {
        reads.push(hash)
        const value = values[hash]!
        if (value instanceof Error) throw value
        return value
      },
    })
    return { ...opened, reads, state, values }
  }

  test('reads a hash once, and then answers from memory: what it belongs to, or that it belongs to nothing', async () => {
    const one = memory({ a: 'A', b: null })
    expect(await one.find('a')).toBe('A')
    expect(await one.find('b')).toBeNull()
    expect([one.find('a'), one.find('b')]).toEqual(['A', null])
    expect(one.reads).toEqual(['a', 'b'])
    expect(one.size()).toBe(1)
  })

  test('shares one read among those who ask at once', async () => {
    const one = memory({ a: 'A' })
    expect(await Promise.all([one.find('a'), one.find('a')])).toEqual(['A', 'A'])
    expect(one.reads).toEqual(['a'])
  })

  test('reads each time without the lease, and keeps nothing of it', async () => {
    const one = memory({ a: 'A' })
    one.state.mayAnswer = false
    expect([await one.find('a'), await one.find('a')]).toEqual(['A', 'A'])
    expect([one.reads, one.size()]).toEqual([['a', 'a'], 0])
    one.state.mayAnswer = true
    await one.find('a')
    one.state.mayAnswer = false
    one.values.a = 'A2'
    expect(await one.find('a')).toBe('A2')
  })

  test('does not keep the answer to a read during which the hash was forgotten', async () => {
    const one = memory({ a: 'A', b: null })
    const [a, b] = [one.find('a'), one.find('b')]
    one.evict('a')
    one.voidReads()
    expect([await a, await b]).toEqual(['A', null])
    expect(one.size()).toBe(0)
    await Promise.all([one.find('a'), one.find('b')])
    expect(one.reads).toEqual(['a', 'b', 'a', 'b'])
  })

  test('forgets one hash, those that belong to nothing, or all', async () => {
    const one = memory({ a: 'A', b: null, c: 'C' })
    const all = () => Promise.all(['a', 'b', 'c'].map((hash) => one.find(hash)))
    await all()
    one.evict('a')
    await all()
    expect(one.reads.splice(0)).toEqual(['a', 'b', 'c', 'a'])
    one.evict('b')
    await all()
    expect(one.reads.splice(0)).toEqual(['b'])
    one.forgetUnknown()
    await all()
    expect(one.reads.splice(0)).toEqual(['b'])
    one.flush()
    expect(one.size()).toBe(0)
    await all()
    expect(one.reads.splice(0)).toEqual(['a', 'b', 'c'])
  })

  test('forgets the reads under way when it is flushed', async () => {
    const one = memory({ a: 'A' })
    const read = one.find('a')
    one.flush()
    expect(await read).toBe('A')
    expect(one.size()).toBe(0)
  })

  test('reads again what something above it has voided', async () => {
    const one = memory({ a: 'A' })
    await one.find('a')
    one.state.voided = 'A'
    one.values.a = 'A2'
    expect(await one.find('a')).toBe('A2')
    expect(one.find('a')).toBe('A2')
  })

  test('needs nothing above it', async () => {
    const alone = openMemory<string>({
      ...{ capacity: 1, unknownCapacity: 1, mayAnswer: () => true },
      read: async () => 'A',
    })
    await alone.find('a')
    expect(alone.find('a')).toBe('A')
  })

  test('passes on that the primary cannot be read, and asks again', async () => {
    const one = memory({ a: new Error('out') })
    await expect(one.find('a')).rejects.toThrow('out')
    one.values.a = 'A'
    expect(await one.find('a')).toBe('A')
    expect(one.reads).toEqual(['a', 'a'])
  })

  test('that failed does not take away a later read of the hash', async () => {
    const one = memory({ a: new Error('out') })
    const failing = one.find('a') as Promise<unknown>
    one.evict('a')
    one.values.a = 'A'
    const later = one.find('a')
    await expect(failing).rejects.toThrow('out')
    expect(await later).toBe('A')
    expect(one.find('a')).toBe('A')
  })
})

describe('limits', () => {
  test('are shared so that the parts add up, and nobody gets nothing', () => {
    const parts = (limit: number, replicas: number) =>
      Array.from({ length: replicas }, (_, place) => shareOf(limit, { replicas, place }))
    expect(parts(10, 3)).toEqual([4, 3, 3])
    expect(parts(9, 3)).toEqual([3, 3, 3])
    expect(parts(2, 3)).toEqual([1, 1, 1])
    expect(parts(60, 1)).toEqual([60])
  })

  test('let exactly the share through in each minute of each key', () => {
    const limits = new Limits()
    const minute = 7 * 60_000
    expect(limits.take('a', 10, 2, minute + 1)).toEqual({
      isAllowed: true,
      limit: 10,
      remaining: 1,
      resetSeconds: 60,
    })
    expect(limits.take('a', 10, 2, minute + 30_000)).toMatchObject({
      isAllowed: true,
      remaining: 0,
      resetSeconds: 30,
    })
    expect(limits.take('a', 10, 2, minute + 59_999)).toMatchObject({
      isAllowed: false,
      remaining: 0,
      resetSeconds: 1,
    })
    expect(limits.take('b', 10, 2, minute + 59_999)).toMatchObject({ isAllowed: true, remaining: 1 })
    expect(limits.take('a', 10, 2, minute + 60_000)).toMatchObject({
      isAllowed: true,
      remaining: 1,
      resetSeconds: 60,
    })
  })
})

describe('the address of a client', () => {
  const trusted = parseNetworks(['10.0.0.0/8'])
  const cases: [string, string | undefined, string][] = [
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['11.0.0.1', '1.2.3.4', '11.0.0.1'],
    ['10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['10.0.0.1', '9.9.9.9, 1.2.3.4 ,10.0.0.2', '1.2.3.4'],
    ['10.0.0.1', '9.9.9.9, nonsense, 10.0.0.2', 'nonsense'],
    ['10.0.0.1', '10.0.0.3, , 10.0.0.2', '10.0.0.3'],
    ['10.0.0.1', '10.0.0.4, 10.0.0.3, 10.0.0.2', '10.0.0.4'],
    ['10.0.0.1', ' , ,', '10.0.0.1'],
  ]

  test.each(cases)('by %s with %j is %s, the second time too', (peer, forwarded, client) => {
    const remembering = clientAddresses(trusted)
    expect(clientAddress(peer, forwarded, trusted)).toBe(client)
    expect([remembering(peer, forwarded), remembering(peer, forwarded)]).toEqual([client, client])
  })

  test('is read from a long header too', () => {
    const remembering = clientAddresses(trusted)
    const long = `${'9.9.9.9, '.repeat(100)}1.2.3.4`
    expect([remembering('10.0.0.1', long), remembering('10.0.0.1', long)]).toEqual(['1.2.3.4', '1.2.3.4'])
  })
})

describe('a request target', () => {
  const routes = scopeTable(defaultRows)

  test('is the route of its method and path', () => {
    expect(readTarget(routes, 'refuse', 'GET', '/v1/contacts/7?x=1')).toEqual({
      route: { name: 'GET /v1/contacts/{id}', anyScope: 1 },
    })
    expect(readTarget(routes, 'refuse', 'PURGE', '/v1/contacts')).toEqual({ route: undefined })
    expect(readTarget(routes, 'refuse', 'M-SEARCH', { path: '/v1/contacts' })).toEqual({ route: undefined })
    expect(endpointOfScope('read')).toBe('scope:read')
  })

  test.each([[undefined], [''], ['GET,POST'], ['GET '], ['-GET'], ['G3T'], ['1']])(
    'has no method in %j',
    (method) => {
      expect(readTarget(routes, 'log', method, '/v1/contacts')).toEqual({ unclear: 'UNCLEAR_METHOD' })
    },
  )

  test('is unclear where servers could differ, and let through only where that is logged', () => {
    const why = 'dot_segment'
    expect(readTarget(routes, 'refuse', 'GET', '/v1/x/../agents')).toEqual({ unclear: 'UNCLEAR_PATH', why })
    expect(readTarget(routes, 'log', 'GET', '/v1/x/../agents')).toEqual({
      route: { name: 'GET /v1/agents', anyScope: 9 },
      why,
    })
    expect(readTarget(routes, 'log', 'GET', { unclear: 'two_paths' })).toEqual({
      ...{ unclear: 'UNCLEAR_PATH', why: 'two_paths' },
    })
  })

  test.each([
    ['', 'no_path'],
    ['?x', 'no_path'],
    ['v1', 'form'],
    ['http://x/v1', 'form'],
    ['/a b', 'character'],
    ['/a;b', 'character'],
    ['/a\\b', 'character'],
    ['/a%00b', 'character'],
    ['/a\uff0fb', 'character'],
    ['/a#b', 'fragment'],
    ['/a%2Fb', 'escape'],
    ['/a%5cb', 'escape'],
    ['/a%25b', 'escape'],
    ['/a%zz', 'escape'],
    ['/a//b', 'empty_segment'],
    ['//', 'empty_segment'],
    ['/a/./b', 'dot_segment'],
    ['/a/...', 'dot_segment'],
    ['/a/%2E%2e', 'dot_segment'],
    ['/a/\u2025/b', 'dot_segment'],
    ['/a/.\u200b./b', 'dot_segment'],
  ])('%j is unclear: %s', (target, unclear) => {
    expect(readPath(target)).toEqual({ unclear })
  })

  test.each([
    ['/', '/'],
    ['/a/', '/a'],
    ['/a.b/c~d', '/a.b/c~d'],
    ['/%41', '/A'],
    ['/a?b#', undefined],
    ['/é', '/é'],
    ['/%C3%A9/', '/é'],
    ['/.a', '/.a'],
    ['/é/a.', '/é/a.'],
    ['/é/a\u200b', '/é/a\u200b'],
  ])('%j is the path %j', (target, path) => {
    expect(readPath(target)).toEqual(path === undefined ? { unclear: 'fragment' } : { path })
  })

  test.each([
    ['/a/../b', '/b'],
    ['/a/./b//c/', '/a/b/c'],
    ['/..', undefined],
    ['/a/../..', undefined],
    ['/a#b', '/a'],
    ['/a?b', '/a'],
    ['a', undefined],
    ['/a%2fb', undefined],
    ['/a%zz', undefined],
    ['/a;b', undefined],
    ['/', '/'],
  ])('%j was the path %j before', (target, path) => {
    expect(resolvedPath(target)).toBe(path)
  })

  test('that is unclear is counted each time, and logged once an hour and key', () => {
    const lines: Record<string, unknown>[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
    const unclear = new UnclearRequests(log as never)
    expect([...unclear.counts.values()].every((count) => count === 0)).toBe(true)
    for (const atMs of [1, 2, 3_600_000, 3_600_001]) unclear.note('key_a', 'escape', true, atMs)
    unclear.note('key_b', 'form', false, 1)
    expect(lines).toMatchObject([
      { event: 'verify.unclear_path', keyId: 'key_a', why: 'escape', refused: true },
      { keyId: 'key_a' },
      { keyId: 'key_b', why: 'form', refused: false },
    ])
    expect(lines[0]!.msg).toBe('a good key came with a path that two servers could read differently')
    expect([unclear.counts.get('escape'), unclear.counts.get('form')]).toEqual([4, 1])
  })

  test('that a widened route would let through is logged once an hour and key, with the way to allow it', () => {
    const lines: Record<string, unknown>[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
    const closed = new ClosedRoutes(log as never)
    for (const atMs of [1, 2, 3_600_000, 3_600_001]) closed.note('key_a', 'POST /v1/analytics/exports', atMs)
    closed.note('key_b', 'POST /v1/analytics/exports', 2)
    expect(lines.map(({ keyId }) => keyId)).toEqual(['key_a', 'key_a', 'key_b'])
    expect(lines[0]).toMatchObject({ event: 'verify.would_be_allowed', route: 'POST /v1/analytics/exports' })
    expect(lines[0]!.msg).toContain('KEYWARDEN_ANALYTICS_EXPORTS=allow')
  })
})
