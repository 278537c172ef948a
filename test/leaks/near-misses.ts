import { createHash } from 'node:crypto'
import { tokensIn } from '../../src/keys/pasted.ts'
import { generateToken, hashToken, isWellFormed } from '../../src/keys/token.ts'
import { takeReport } from '../../src/leaks/report.ts'
import { plant } from '../setup/plant.ts'
import { openRecords } from '../setup/records.ts'

const prefix = 'tml_'
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Letters of other alphabets that look like those of a token. */
const lookalikes: Record<string, string> = {
  a: 'а',
  c: 'с',
  e: 'е',
  o: 'о',
  p: 'р',
  x: 'х',
  y: 'у',
  i: 'і',
  A: 'А',
  B: 'В',
  C: 'С',
  E: 'Е',
  H: 'Н',
  K: 'К',
  M: 'М',
  O: 'О',
  P: 'Р',
  T: 'Т',
  X: 'Х',
  '0': '０',
  '1': '１',
  _: '＿',
  l: 'ⅼ',
  t: 'ｔ',
  m: 'ｍ',
}

type Numbers = { next(below: number): number; bytes(count: number): Uint8Array }

/** Numbers from a seed: SHA-256 of a counter. */
function numbers(seed: number): Numbers {
  let block = 0
  let rest = Buffer.alloc(0)
  const bytes = (count: number) => {
    while (rest.length < count)
      rest = Buffer.concat([rest, createHash('sha256').update(`${seed} ${block++}`).digest()])
    const taken = rest.subarray(0, count)
    rest = rest.subarray(count)
    return taken
  }
  return { bytes, next: (below) => Buffer.from(bytes(4)).readUInt32LE() % below }
}

const newToken = (random: Numbers) => generateToken(prefix, (count) => random.bytes(count)).open()
const put = (text: string, at: number, by: string) => text.slice(0, at) + by + text.slice(at + 1)
const flip = (letter: string) =>
  letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()

type Pools = { live: readonly string[]; revoked: readonly string[]; foreign: readonly string[] }
type Miss = (token: string, random: Numbers, pools: Pools) => string | undefined

const pick = <T>(all: readonly T[], random: Numbers): T => all[random.next(all.length)]!

/** Each makes of a live token a text that is not that token, or takes one that ends nothing. */
const misses: Record<string, Miss> = {
  cut: (token, random) => token.slice(0, 4 + random.next(token.length - 4)),
  'cut at the front': (token, random) => token.slice(1 + random.next(token.length - 1)),
  longer: (token, random) => token + pick([...alphabet], random),
  'longer at the front': (token, random) => pick([...alphabet], random) + token,
  'in a word': (token, random) => `${pick([...alphabet], random)}_${token}`,
  'with another letter': (token, random) => {
    const at = 4 + random.next(38)
    return put(
      token,
      at,
      pick(
        [...alphabet].filter((letter) => letter !== token[at]),
        random,
      ),
    )
  },
  'with another case': (token, random) => {
    const at = 4 + random.next(38)
    return flip(token[at]!) === token[at] ? undefined : put(token, at, flip(token[at]!))
  },
  'in capitals': (token) => token.toUpperCase(),
  'in small letters': (token) => token.toLowerCase(),
  lookalike: (token, random) => {
    const places = [...token].flatMap((letter, at) => (lookalikes[letter] ? [at] : []))
    const at = pick(places, random)
    return put(token, at, lookalikes[token[at]!]!)
  },
  exchanged: (token, random) => {
    const at = 4 + random.next(37)
    if (token[at] === token[at + 1]) return undefined
    return put(put(token, at, token[at + 1]!), at + 1, token[at]!)
  },
  broken: (token, random) => {
    const at = 5 + random.next(36)
    return `${token.slice(0, at)}${pick([' ', '\n', '-', '​', '*', '…'], random)}${token.slice(at)}`
  },
  hint: (token) => `${token.slice(0, 8)}...`,
  'two in one': (token, random, { live }) => `${token}${pick(live, random)}`,
  halves: (token, random, { live }) => token.slice(0, 20) + pick(live, random).slice(20),
  'another prefix': (token) => `tlm_${token.slice(4)}`,
  'without its prefix': (token) => token.slice(4),
  forged: (_token, random) => newToken(random),
  revoked: (_token, random, { revoked }) => pick(revoked, random),
  'of another account': (_token, random, { foreign }) => pick(foreign, random),
}

const around = [
  (text: string) => text,
  (text: string) => `here: ${text}, thanks`,
  (text: string) => `curl -H "Authorization: Bearer ${text}"`,
  (text: string) => `KEY=${text}\n`,
  (text: string) => `<https://example.com/?key=${text}|link>`,
  (text: string) => `\`${text}\``,
]

/** A database with live keys, revoked ones and those of another account, whose tokens are known. */
export async function openNearMisses() {
  const records = await openRecords()
  const { world, workspace } = records
  const random = numbers(7)
  const make = (count: number) => Array.from({ length: count }, () => newToken(random))
  const pools = { live: make(300), revoked: make(100), foreign: make(100) }
  const now = world.clock.now()
  await world.db('accounts').insert({ id: 'acc_f', slack_team_id: 'T0F', name: 'F', created_at: now })
  const other = { id: 'ws_f', account_id: 'acc_f', name: 'F', name_folded: 'f', created_at: now }
  await world.db('workspaces').insert(other)
  const keys = (what: string, tokens: readonly string[], status: 'active' | 'revoked') =>
    tokens.map((token, n) => ({ name: `${what} ${n}`, tokenHash: hashToken(token), status }))
  const ids = await plant(world, workspace.id, keys('live', pools.live, 'active'))
  await plant(world, workspace.id, keys('revoked', pools.revoked, 'revoked'))
  await plant(world, 'ws_f', keys('foreign', pools.foreign, 'active'))
  const keyOf = new Map(pools.live.map((token, n) => [token, ids[n]!]))
  return { records, pools, keyOf, drop: records.drop }
}

const batchSize = 500

/**
 * Writes so many near misses, and some texts with a whole live token among them, through the matcher and the look-up of
 * reports. `ends`: the near misses that named a key; `found`: the texts with a whole token that named its key alone.
 */
export async function falseEnds(
  { records, pools, keyOf }: Awaited<ReturnType<typeof openNearMisses>>,
  { count, seed }: { count: number; seed: number },
) {
  const random = numbers(seed)
  const kinds = Object.entries(misses)
  const ends: string[] = []
  let [nearMisses, wholes, found] = [0, 0, 0]
  while (nearMisses < count) {
    const texts: { text: string; kind: string; keyId?: string }[] = []
    while (texts.length < batchSize && nearMisses + texts.length < count) {
      const token = pick(pools.live, random)
      const [kind, miss] = kinds[(nearMisses + texts.length) % kinds.length]!
      const text = miss(token, random, pools)
      if (text !== undefined && text !== token) texts.push({ kind, text: pick(around, random)(text) })
    }
    nearMisses += texts.length
    const holding = Array.from({ length: batchSize / 10 }, () => pick(pools.live, random))
    wholes += holding.length
    const whole = holding.map((token) => ({
      ...{ kind: 'whole', text: pick(around, random)(token), keyId: keyOf.get(token)! },
    }))
    const named = await namedBy(
      records,
      texts.flatMap(({ text }) => tokensIn(text, prefix)),
    )
    if (named.size > 0)
      ends.push(
        ...texts
          .filter(({ text }) => tokensIn(text, prefix).some((one) => keyOf.has(one)))
          .map(({ kind }) => kind),
      )
    for (const { text, keyId } of whole) {
      const tokens = tokensIn(text, prefix)
      if (tokens.length === 1 && isWellFormed(tokens[0]!, prefix) && keyOf.get(tokens[0]!) === keyId) found++
    }
    const wanted = new Set(whole.map(({ keyId }) => keyId))
    const looked = await namedBy(
      records,
      whole.flatMap(({ text }) => tokensIn(text, prefix)),
    )
    if (looked.size !== wanted.size || ![...looked].every((id) => wanted.has(id)))
      throw new Error('the look-up found other keys than those whose tokens were there')
  }
  return { nearMisses, ends, wholes, found }
}

let reports = 0
/** The keys that a report of these tokens names. */
async function namedBy(
  { act, workspace, world }: Awaited<ReturnType<typeof openRecords>>,
  tokens: readonly string[],
): Promise<Set<string>> {
  const report = {
    ...{ accountId: workspace.accountId, evidence: 'pasted' as const, reporter: 'U0ADA00001' },
    ...{
      reference: `near ${++reports}`,
      found: tokens.map((token) => ({ hash: hashToken(token), where: '' })),
    },
  }
  const taken = await act((one) => takeReport(one, report, world.random))
  return new Set(taken.map(({ id }) => id))
}
