import fc from 'fast-check'
import type { Planned } from './sequence.ts'
import { type Command, people, type State } from './state.ts'

const person = fc.constantFrom(...people)
/** Those in charge act more often, or most of what is tried would be refused. */
const actor = fc.constantFrom(people[0], people[0], people[1], people[1], people[1], people[2], people[3])
/** Few names, so that they are wanted twice; case makes no other name. */
const name = fc.constantFrom('Alpha', 'alpha', 'Beta')
const which = fc.nat(1_000)

/** One of those that are there, or nothing. */
const one = <T>(all: readonly T[], n: number): T | undefined => all[n % Math.max(1, all.length)]

type About = 'keys' | 'requests' | 'rotations' | 'findings'

/** A command about something that is there; the newest are more interesting than the oldest. */
const about = (of: About, dos: readonly Command['do'][]): fc.Arbitrary<Planned> =>
  fc
    .record({ by: actor, does: fc.constantFrom(...dos), n: which })
    .map(({ by, does, n }) => (state: State): Command | undefined => {
      const subject = one<{ id: string }>(state[of].slice(-3), n)
      return subject && ({ do: does, by, id: subject.id } as Command)
    })

const always = (commands: fc.Arbitrary<Command>): fc.Arbitrary<Planned> =>
  commands.map((command) => () => command)

/** Any command of any person, about anything. */
const planned: fc.Arbitrary<Planned> = fc.oneof(
  {
    weight: 5,
    arbitrary: always(
      fc.record({ do: fc.constant('issue' as const), by: actor, name, owner: person, writes: fc.boolean() }),
    ),
  },
  {
    weight: 5,
    // Its owner, since nobody else can.
    arbitrary: fc.record({ n: which, other: fc.option(actor, { freq: 5 }) }).map(
      ({ n, other }): Planned =>
        ({ keys }) => {
          const key = one(keys.slice(-3), n)
          const by = other ?? people.find((id) => id === key?.owner)
          return key && by && { do: 'reveal', by, id: key.id }
        },
    ),
  },
  { weight: 6, arbitrary: about('keys', ['deactivate', 'activate', 'revoke', 'rotate', 'rotate']) },
  {
    weight: 3,
    arbitrary: fc.record({ by: actor, n: which, name, owner: person }).map(
      ({ by, n, ...wanted }): Planned =>
        ({ keys }) => {
          const key = one(keys.slice(-3), n)
          return key && { do: 'edit', by, id: key.id, version: key.version, ...wanted }
        },
    ),
  },
  { weight: 4, arbitrary: about('rotations', ['finish', 'abort']) },
  {
    weight: 2,
    arbitrary: always(
      fc.record({
        do: fc.constant('role' as const),
        by: actor,
        of: person,
        role: fc.constantFrom('owner' as const, 'manager' as const, 'member' as const),
      }),
    ),
  },
  { weight: 3, arbitrary: always(fc.record({ do: fc.constant('request' as const), by: person, name })) },
  { weight: 4, arbitrary: about('requests', ['approve', 'approve', 'deny', 'withdraw']) },
  {
    weight: 2,
    arbitrary: always(fc.record({ do: fc.constantFrom('suspend' as const, 'resume' as const), by: actor })),
  },
  {
    weight: 1,
    // Once each, and no owner: who offboards whom is another test's.
    arbitrary: person.map(
      (of): Planned =>
        ({ roles, offboarded }) =>
          roles[of] && roles[of] !== 'owner' && !offboarded.includes(of) ? { do: 'offboard', of } : undefined,
    ),
  },
  { weight: 1, arbitrary: always(fc.record({ do: fc.constant('workspace' as const), name })) },
  {
    weight: 1,
    arbitrary: which.map(
      (n): Planned =>
        ({ keys }) => {
          const key = one(keys, n)
          return key && { do: 'stranger', id: key.id }
        },
    ),
  },
  { weight: 3, arbitrary: fc.constant((): Command => ({ do: 'look-for-findings' })) },
  { weight: 3, arbitrary: about('findings', ['take', 'take', 'let-go']) },
)

/** Steps of one to three commands at once. */
export const sequence = fc.array(fc.array(planned, { minLength: 1, maxLength: 3 }), {
  minLength: 3,
  maxLength: 7,
})
