import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scopes } from '../../src/keys/scope.ts'
import { scopeBits } from '../../src/verification/decide.ts'
import { readPath, resolvedPath } from '../../src/verification/path.ts'
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

test('exports are of analytics by the documentation: closed to it until the operator allows it, and nothing else opens', () => {
  const at = (widening: 'log' | 'allow') => {
    const route = scopeTable(defaultRows, widening).find('POST', '/v1/analytics/exports')!
    return scopes.filter((scope) => route.anyScope & scopeBits([scope]))
  }
  expect(at('log')).toEqual(['write'])
  expect(at('allow')).toEqual(['write', 'analytics'])
  const others = (widening: 'log' | 'allow') =>
    scopeTable(defaultRows, widening).routes.filter(({ name }) => !name.endsWith('exports'))
  expect(others('allow')).toEqual(others('log'))
  const marked = (widening?: 'log' | 'allow') =>
    loadScopeTable(undefined, widening).routes.filter((route) => 'widened' in route)
  expect(marked('log')).toEqual([
    {
      name: 'POST /v1/analytics/exports',
      anyScope: scopeBits(['write']),
      widened: scopeBits(['analytics']),
    },
  ])
  expect(marked()).toEqual(marked('log'))
  expect(marked('allow')).toEqual([])
})

test('a method without a row is allowed to nobody', () => {
  expect(table.find('TRACE', '/v1/contacts')).toBeUndefined()
  expect(table.find('get', '/v1/contacts')).toBeUndefined()
})

describe('a path is what every server reads in it, or unclear', () => {
  test.each([
    ['/v1/contacts', '/v1/contacts'],
    ['/v1/contacts/', '/v1/contacts'],
    ['/v1/%63ontacts', '/v1/contacts'],
    ['/v1/contacts/J%C3%BCrgen%20M', '/v1/contacts/Jürgen M'],
    ['/v1/contacts/a%3Fb', '/v1/contacts/a?b'],
    ['/v1/contacts?x=/../y', '/v1/contacts'],
    ['/v1/contacts?x=%2e%2e%2f//', '/v1/contacts'],
    ['/.well-known/x', '/.well-known/x'],
    ['/v1/file.txt', '/v1/file.txt'],
    ['/v1/..a', '/v1/..a'],
    ['/', '/'],
    ['/?a', '/'],
  ])('%s is %s', (target, path) => {
    expect(readPath(target)).toEqual({ path })
  })

  test.each([
    ['/..', 'dot_segment'],
    ['/v1/./contacts', 'dot_segment'],
    ['/v1/contacts/.', 'dot_segment'],
    ['/v1/agents/../contacts', 'dot_segment'],
    ['/v1/agents/..', 'dot_segment'],
    ['/v1/agents/.../contacts', 'dot_segment'],
    ['/v1/agents/..%20/contacts', 'dot_segment'],
    ['/v1/agents/%2e%2e/contacts', 'dot_segment'],
    ['/v1/agents/%2E./contacts', 'dot_segment'],
    ['/v1/agents/.%2e/contacts', 'dot_segment'],
    ['/v1/file%2etxt', 'dot_segment'],
    ['/v1/agents/%EF%BC%8E%EF%BC%8E/contacts', 'dot_segment'],
    ['/v1/agents/\u2025/contacts', 'dot_segment'],
    ['/v1/agents/\u2024\ufe52/contacts', 'dot_segment'],
    ['/v1/agents/.%E2%80%8B./contacts', 'dot_segment'],
    ['/v1/agents%EF%BC%8F..%EF%BC%8Fcontacts', 'character'],
    ['/v1/agents\u2215contacts', 'character'],
    ['/v1/agents%EF%BC%BCcontacts', 'character'],
    ['/v1/agents%EF%BC%852fcontacts', 'character'],
    ['//', 'empty_segment'],
    ['//v1/contacts', 'empty_segment'],
    ['/v1//contacts', 'empty_segment'],
    ['/v1/contacts//', 'empty_segment'],
    ['/v1/contacts#part', 'fragment'],
    ['/v1/agents#/../contacts', 'fragment'],
    ['/v1/contacts?x#y', 'fragment'],
    ['/v1/agents%2fx', 'escape'],
    ['/v1/agents%2Fx', 'escape'],
    ['/v1/agents%5cx', 'escape'],
    ['/v1/%252e%252e/contacts', 'escape'],
    ['/v1/%2561gents', 'escape'],
    ['/v1/%zz', 'escape'],
    ['/v1/x%', 'escape'],
    ['/v1/x%e', 'escape'],
    ['/v1/%c0%af', 'escape'],
    ['/v1/%u002e%u002e/contacts', 'escape'],
    ['/v1/%ff', 'escape'],
    ['/v1\\contacts', 'character'],
    ['/v1/..\\contacts', 'character'],
    ['/v1/%00', 'character'],
    ['/v1/x%0d%0ay', 'character'],
    ['/v1/x%7f', 'character'],
    ['/v1/x%c2%85', 'character'],
    ['/v1/x\ty', 'character'],
    ['/v1/contacts;a=b', 'character'],
    ['/v1/contacts%3ba=b', 'character'],
    ['/v1/agents/..;/contacts', 'character'],
    ['/v1/agents, /v1/contacts', 'character'],
    ['contacts', 'form'],
    ['http://host/v1/contacts', 'form'],
    ['*', 'form'],
    ['', 'no_path'],
    ['?x', 'no_path'],
  ])('%j is unclear: %s', (target, unclear) => {
    expect(readPath(target)).toEqual({ unclear })
  })

  test.each([
    ['/v1/agents/../contacts', '/v1/contacts'],
    ['/v1/agents/%2e%2e/contacts', '/v1/contacts'],
    ['//v1///contacts', '/v1/contacts'],
    ['/v1/contacts#part', '/v1/contacts'],
    ['/..', undefined],
    ['/v1/agents%2fx', undefined],
    ['/v1\\contacts', undefined],
    ['/v1/contacts;a=b', undefined],
  ])('what is only logged is read as before: %s', (target, expected) => {
    expect(resolvedPath(target)).toBe(expected)
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
    ['- { method: GET, path: /x, scopes: [reed] }', /: row 1 \(scopes\.0\) is not a scope\.$/],
    [
      '- { method: GET, path: /x, scopes: [read] }\n- { method: GET, path: x, scopes: [read] }',
      /row 2 .*form/,
    ],
    ['- { method: GET, path: /a/**/b, scopes: [read] }', /row 1/],
    ['method: GET', /cannot be used: it Invalid input: expected array/],
  ])('that is wrong says where: %s', (text, said) => {
    expect(() => load(text)).toThrow(said)
  })
})
