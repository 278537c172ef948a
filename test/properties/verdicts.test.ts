import { expect, test } from 'vitest'
import { parseNetworks } from '../../src/keys/networks.ts'
import { scopes } from '../../src/keys/scope.ts'
import { codes, decide, type KeyFacts, type RequestFacts, scopeBits } from '../../src/verification/decide.ts'
import fc from '../setup/seeded.ts'

const everyScope = (1 << scopes.length) - 1
const moments = fc.integer({ min: 0, max: 40 })
const workspaces = fc.constantFrom('ws_a', 'ws_b')
const addresses = fc.constantFrom('10.0.0.7', '::ffff:10.0.0.7', '192.0.2.1', '2001:db8::1', 'no address', '')

const keys: fc.Arbitrary<KeyFacts> = fc.record({
  workspace: fc.record({ id: workspaces, isSuspended: fc.boolean() }),
  status: fc.constantFrom('unrevealed', 'active', 'inactive', 'revoked'),
  scopeBits: fc.integer({ min: 1, max: everyScope }),
  overAtMs: fc.oneof(moments, fc.constant(Number.POSITIVE_INFINITY)),
  networks: fc.constantFrom(
    null,
    ...[['10.0.0.0/8'], ['2001:db8::/32'], ['10.0.0.0/8', '192.0.2.1/32']].map(parseNetworks),
  ),
})
const questions: fc.Arbitrary<RequestFacts> = fc.record(
  { workspaceId: workspaces, anyScope: fc.integer({ min: 0, max: everyScope }), ip: addresses },
  { requiredKeys: [] },
)
const every = <T extends unknown[]>(
  arbitraries: { [I in keyof T]: fc.Arbitrary<T[I]> },
  check: (...values: T) => void,
) =>
  fc.assert(
    fc.property(fc.tuple<T>(...arbitraries), (values) => {
      check(...values)
    }),
    { numRuns: 2000 },
  )

test('VALID is answered only where every single thing is right', () => {
  every([keys, questions, moments], (key, asked, now) => {
    if (decide(key, asked, now) !== 'VALID') return
    expect(key.status).toBe('active')
    expect(key.overAtMs).toBeGreaterThan(now)
    expect(key.workspace.isSuspended).toBe(false)
    expect(asked.workspaceId ?? key.workspace.id).toBe(key.workspace.id)
    if (asked.anyScope !== undefined) expect(asked.anyScope & key.scopeBits).not.toBe(0)
    if (key.networks) expect(asked.ip).toMatch(/10\.0\.0\.7|192\.0\.2\.1|2001:db8::1/)
  })
})

test('what was not VALID does not become so by taking away: time, scopes, life, or the workspace', () => {
  every([keys, questions, moments, moments, fc.nat(everyScope)], (key, asked, now, later, fewer) => {
    if (decide(key, asked, now) === 'VALID') return
    const restricted: KeyFacts[] = [
      { ...key, status: 'inactive' },
      { ...key, status: 'revoked' },
      { ...key, scopeBits: key.scopeBits & fewer },
      { ...key, overAtMs: Math.min(key.overAtMs, later) },
      { ...key, workspace: { ...key.workspace, isSuspended: true } },
    ]
    for (const less of restricted) expect(decide(less, asked, now)).not.toBe('VALID')
    expect(decide(key, asked, now + later)).not.toBe('VALID')
  })
})

test('another workspace learns nothing but that: neither state nor scopes nor networks show', () => {
  every([keys, questions, moments], (key, asked, now) => {
    expect(decide(key, { ...asked, workspaceId: 'ws_other' }, now)).toBe('WRONG_WORKSPACE')
  })
})

test('a revoked key is REVOKED for good, and a key that is over is EXPIRED at that very millisecond', () => {
  every([keys, questions, moments], (key, { workspaceId: _, ...asked }, now) => {
    expect(decide({ ...key, status: 'revoked' }, asked, now)).toBe('REVOKED')
    const live: KeyFacts = { ...key, status: 'active' }
    expect(decide({ ...live, overAtMs: now }, asked, now)).toBe('EXPIRED')
    expect(decide({ ...live, overAtMs: now + 1 }, asked, now)).not.toBe('EXPIRED')
  })
})

test('every verdict is one of the list, and each set of scopes has bits of its own', () => {
  every([keys, questions, moments], (key, asked, now) => {
    expect(codes).toContain(decide(key, asked, now))
  })
  const sets = fc.uniqueArray(fc.constantFrom(...scopes))
  every([sets, sets], (one, other) => {
    const same = [...one].sort().join() === [...other].sort().join()
    expect(scopeBits(one) === scopeBits(other)).toBe(same)
  })
})
