import { setImmediate as turn } from 'node:timers/promises'
import type { Product } from './product.ts'
import { type Planned, playStep } from './sequence.ts'
import { beginning, type Command, people, type State } from './state.ts'

const [ada, bruno, cy] = people

/** Commands at once, what comes before them, and the answers that are possible, in the order of the commands. */
export type Race = {
  what: string
  before: Planned[]
  atOnce: Planned[]
  /** each possible set of answers, and what has to stand then */
  outcomes: { answers: string[]; stands: (state: State) => boolean }[]
}

const newest = <T>(all: readonly T[]): T => all.at(-1)!
const issued: Planned = () => ({ do: 'issue', by: bruno, name: 'Alpha', owner: bruno, writes: false })
const revealed: Planned = ({ keys }) => ({ do: 'reveal', by: bruno, id: newest(keys).id })
const key =
  (does: 'reveal' | 'deactivate' | 'revoke' | 'rotate', by: typeof ada | typeof bruno): Planned =>
  ({ keys }) => ({ do: does, by, id: newest(keys).id })
const request =
  (does: 'approve' | 'deny', by: typeof ada | typeof bruno): Planned =>
  ({ requests }) => ({ do: does, by, id: newest(requests).id })
const rotation =
  (does: 'finish' | 'abort', by: typeof ada | typeof bruno): Planned =>
  ({ rotations }) => ({ do: does, by, id: newest(rotations).id })

const statusOf = ({ keys }: State, n: number) => keys[n]?.status

export const races: readonly Race[] = [
  {
    what: 'the last two owners demote each other: one stays',
    before: [() => ({ do: 'role', by: ada, of: bruno, role: 'owner' })],
    atOnce: [
      () => ({ do: 'role', by: ada, of: bruno, role: 'member' }),
      () => ({ do: 'role', by: bruno, of: ada, role: 'member' }),
    ],
    outcomes: [
      {
        answers: ['ok', 'forbidden'],
        stands: ({ roles }) => roles[ada] === 'owner' && roles[bruno] === 'member',
      },
      {
        answers: ['forbidden', 'ok'],
        stands: ({ roles }) => roles[bruno] === 'owner' && roles[ada] === 'member',
      },
    ],
  },
  {
    what: 'one name is taken twice: one has it',
    before: [],
    atOnce: [
      () => ({ do: 'issue', by: ada, name: 'Alpha', owner: ada, writes: false }),
      () => ({ do: 'issue', by: bruno, name: 'alpha', owner: bruno, writes: false }),
    ],
    outcomes: [
      { answers: ['ok', 'duplicate'], stands: ({ keys }) => keys.length === 1 && keys[0]!.owner === ada },
      { answers: ['duplicate', 'ok'], stands: ({ keys }) => keys.length === 1 && keys[0]!.owner === bruno },
    ],
  },
  {
    what: 'a key is revealed twice: one token is made',
    before: [issued],
    atOnce: [key('reveal', bruno), key('reveal', bruno)],
    outcomes: [
      { answers: ['ok', 'already'], stands: (state) => statusOf(state, 0) === 'active' },
      { answers: ['already', 'ok'], stands: (state) => statusOf(state, 0) === 'active' },
    ],
  },
  {
    what: 'one person asks for one name twice: one request waits',
    before: [],
    atOnce: [
      () => ({ do: 'request', by: cy, name: 'Alpha' }),
      () => ({ do: 'request', by: cy, name: 'alpha' }),
    ],
    outcomes: [
      { answers: ['ok', 'duplicate'], stands: ({ requests }) => requests.length === 1 },
      { answers: ['duplicate', 'ok'], stands: ({ requests }) => requests.length === 1 },
    ],
  },
  {
    what: 'a request is approved and denied: there is a key exactly if it was approved',
    before: [() => ({ do: 'request', by: cy, name: 'Alpha' })],
    atOnce: [request('approve', ada), request('deny', bruno)],
    outcomes: [
      {
        answers: ['ok', 'already'],
        stands: ({ keys, requests }) => keys.length === 1 && requests[0]!.state === 'approved',
      },
      {
        answers: ['already', 'ok'],
        stands: ({ keys, requests }) => keys.length === 0 && requests[0]!.state === 'denied',
      },
    ],
  },
  {
    what: 'a rotation is finished and aborted: one of its keys ends, and the other has the name',
    before: [issued, revealed, key('rotate', ada), revealed],
    atOnce: [rotation('finish', ada), rotation('abort', bruno)],
    outcomes: [
      {
        answers: ['ok', 'already'],
        stands: (state) =>
          statusOf(state, 0) === 'revoked' &&
          statusOf(state, 1) === 'active' &&
          state.rotations[0]!.phase === 'finished',
      },
      {
        answers: ['already', 'ok'],
        stands: (state) =>
          statusOf(state, 0) === 'active' &&
          statusOf(state, 1) === 'revoked' &&
          state.keys[0]!.successor === null &&
          state.rotations[0]!.phase === 'aborted',
      },
    ],
  },
  {
    what: 'a new key is revoked while its rotation is aborted: it ends, and the old key has the name',
    before: [issued, revealed, key('rotate', ada), revealed],
    atOnce: [rotation('abort', ada), key('revoke', bruno)],
    outcomes: [
      ['ok', 'gone'],
      ['gone', 'ok'],
    ].map((answers) => ({
      answers,
      stands: (state: State) =>
        statusOf(state, 0) === 'active' &&
        statusOf(state, 1) === 'revoked' &&
        state.keys[0]!.successor === null,
    })),
  },
  {
    what: 'a key is deactivated, revoked and rotated: it ends, and whoever was late is told so',
    before: [issued, revealed],
    atOnce: [key('deactivate', ada), key('revoke', bruno), key('rotate', ada)],
    outcomes: ['ok', 'gone'].flatMap((deactivated) =>
      ['ok', 'gone'].map((rotated) => ({
        answers: [deactivated, 'ok', rotated],
        stands: (state: State) =>
          statusOf(state, 0) === 'revoked' && state.keys.length === (rotated === 'ok' ? 2 : 1),
      })),
    ),
  },
  {
    what: 'a workspace is suspended and resumed: it is as the last of both left it',
    before: [],
    atOnce: [() => ({ do: 'suspend', by: ada }), () => ({ do: 'resume', by: ada })],
    outcomes: [
      { answers: ['ok', 'ok'], stands: ({ suspended }) => !suspended },
      { answers: ['ok', 'already'], stands: ({ suspended }) => suspended },
    ],
  },
]

export type RaceResult = { what: string; trials: number; wrong: string[]; outcomes: Record<string, number> }

/** Runs a race so many times, each in a workspace of its own, some at once. */
export async function run(product: Product, race: Race, trials: number, atOnce = 4): Promise<RaceResult> {
  const result: RaceResult = { what: race.what, trials, wrong: [], outcomes: {} }
  let left = trials
  const work = async () => {
    while (left-- > 0) {
      const { answers, wrong } = await once(product, race)
      const name = answers.join(', ')
      result.outcomes[name] = (result.outcomes[name] ?? 0) + 1
      if (wrong) result.wrong.push(wrong)
      await turn()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return result
}

async function once(product: Product, race: Race): Promise<{ answers: string[]; wrong?: string }> {
  const place = await product.open()
  let state = structuredClone(beginning)
  for (const plan of race.before) {
    const before = await playStep(place, state, [plan(state)!])
    if (!before.state) return { answers: ['before'], wrong: `${before.said}\n${before.what}` }
    state = before.state
  }
  const commands = race.atOnce.map((plan): Command => plan(state)!)
  const step = await playStep(place, state, commands)
  const answers = step.answers.map(({ code }) => code)
  if (!step.state) return { answers, wrong: `${step.said}\n${step.what}` }
  const stands = await place.read()
  const isExpected = race.outcomes.some(
    (one) => one.answers.join() === answers.join() && one.stands({ ...stands, keys: step.state!.keys }),
  )
  return isExpected ? { answers } : { answers, wrong: `${step.said}: no outcome that is promised` }
}
