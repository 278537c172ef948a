import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { systemRandom } from '../../src/foundation/random.ts'
import { generateToken } from '../../src/keys/token.ts'

const token = generateToken('tml_', systemRandom)
const secret = token.open()

const printed: Record<string, () => string> = {
  template: () => `${token}`,
  'string concatenation': () => `a ${String(token)}`,
  JSON: () => JSON.stringify({ deep: [token] }),
  inspect: () => inspect({ deep: { token } }, { depth: 9, showHidden: true, getters: true }),
  'console format': () => format('%s %o %O %j', token, token, token, token),
  'an error': () => inspect(new Error(`no ${token}`, { cause: { token } }), { depth: 9 }),
  'its properties': () => JSON.stringify([Object.entries(token), Reflect.ownKeys(token).map(String)]),
  'a copy': () => JSON.stringify({ ...token }) + inspect(structuredClone({ ...token })),
}

test.each(Object.keys(printed))('a token shows only its hint in %s', (how) => {
  const text = printed[how]!()
  expect(text).not.toContain(secret.slice(8, 16))
  expect(text).toContain(how === 'its properties' ? 'hint' : secret.slice(0, 8))
})

test('a token shows only its hint on the console', () => {
  const lines: string[] = []
  const stdout = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  new Console({ stdout }).log(token, { token }, `${token}`)
  expect(lines.join('')).toContain(`Token(${secret.slice(0, 8)}...)`)
  expect(lines.join('')).not.toContain(secret.slice(8, 16))
})

test('what is stored of a token is 32 bytes that do not contain it', () => {
  expect(token.hash()).toHaveLength(32)
  expect(token.hash().toString('latin1')).not.toContain(secret.slice(4, 12))
})
