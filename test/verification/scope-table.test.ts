import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scopes } from '../../src/keys/scope.ts'
import { scopeBits } from '../../src/verification/decide.ts'
import { normalPath } from '../../src/verification/path.ts'
import { defaultRows, loadScopeTable, scopeTable } from '../../src/verification/scope-table.ts'

const table = scopeTable(defaultRows)
const suffice = (method: string, path: string) => {
  const route = table.find(method, path)
  return route && scopes.filter((scope) => route.anyScope & scopeBits([scope]))
}

describe('every row of the default table', () => {
  test.each(defaultRows.map((row) => [`${row.method} ${row.path}`, row] as const))('%s', (_name, row) => {
    const path = row.path.replace('{id}', '42').replace('**', 'unheard/of')
    expect(suffice(row.method, path)).toEqual(row.scopes)
    // One scope less, and that scope alone no longer opens it.
    for (const scope of scopes)
      expect(Boolean(table.find(row.method, path)!.anyScope & scopeBits([scope]))).toBe(
        row.scopes.includes(scope),
      )
  })
})

test('read reads everything, write writes everything, and each area opens itself alone', () => {
  expect(suffice('GET', '/v2/anything')).toEqual(['read'])
  expect(suffice('POST', '/v2/anything')).toEqual(['write'])
  expect(suffice('HEAD', '/v1/contacts')).toEqual(['read'])
  expect(suffice('GET', '/v1/conversations/7/messages')).toEqual(['read', 'conversations'])
  expect(suffice('DELETE', '/v1/agents/7')).toEqual(['write', 'agents'])
  expect(suffice('POST', '/v1/analytics')).toEqual(['write'])
})

test('a method without a row is allowed to nobody', () => {
  expect(table.find('TRACE', '/v1/contacts')).toBeUndefined()
  expect(table.find('get', '/v1/contacts')).toBeUndefined()
})

describe('a path is what the platform would serve, or nothing', () => {
  test.each([
    ['/v1/contacts', '/v1/contacts'],
    ['/v1/contacts/', '/v1/contacts'],
    ['//v1///contacts', '/v1/contacts'],
    ['/v1/./contacts', '/v1/contacts'],
    ['/v1/agents/../contacts', '/v1/contacts'],
    ['/v1/%63ontacts', '/v1/contacts'],
    ['/v1/agents/%2e%2e/contacts', '/v1/contacts'],
    ['/v1/contacts?x=/../y', '/v1/contacts'],
    ['/v1/contacts#part', '/v1/contacts'],
    ['/', '/'],
    ['/..', undefined],
    ['/v1/agents%2fx', undefined],
    ['/v1/agents%5cx', undefined],
    ['/v1\\contacts', undefined],
    ['/v1/%252e%252e/contacts', undefined],
    ['/v1/%zz', undefined],
    ['/v1/%00', undefined],
    ['/v1/contacts;a=b', undefined],
    ['contacts', undefined],
    ['http://host/v1/contacts', undefined],
    ['', undefined],
  ])('%s', (target, expected) => {
    expect(normalPath(target)).toBe(expected)
  })
})

describe('a table from a file', () => {
  const load = (text: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'keywarden-routes-'))
    try {
      writeFileSync(join(folder, 'routes.yml'), text)
      return loadScopeTable(join(folder, 'routes.yml'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test('replaces the default one, and the most specific row wins whatever the order', () => {
    const routes = load(`
- { method: GET, path: /**, scopes: [read] }
- { method: GET, path: '/reports/{id}', scopes: [analytics] }
- { method: GET, path: /reports/secret, scopes: [write] }
`)
    expect(routes.find('GET', '/reports/secret')!.name).toBe('GET /reports/secret')
    expect(routes.find('GET', '/reports/7')!.name).toBe('GET /reports/{id}')
    expect(routes.find('GET', '/reports/7/x')!.name).toBe('GET /**')
    expect(routes.find('POST', '/reports/7')).toBeUndefined()
  })

  test.each([
    ['- { method: GET, path: /x, scopes: [reed] }', /row 1 .*is not a scope/],
    [
      '- { method: GET, path: /x, scopes: [read] }\n- { method: GET, path: x, scopes: [read] }',
      /row 2 .*form/,
    ],
    ['- { method: GET, path: /a/**/b, scopes: [read] }', /row 1/],
    ['method: GET', /cannot be used/],
  ])('that is wrong says where: %s', (text, said) => {
    expect(() => load(text)).toThrow(said)
  })
})
