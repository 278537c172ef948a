import { isDeepStrictEqual } from 'node:util'
import type { Place, Product } from './product.ts'
import { type Answer, beginning, type Command, carryOutOn, type State } from './state.ts'

/** A command whose subject is chosen when it is carried out, among what is there then; undefined when nothing is. */
export type Planned = (state: State) => Command | undefined

/** Where the product did what no order of the commands explains. */
export type Divergence = { steps: string[]; what: string }

export type Played = { commands: number; together: number; divergence?: Divergence }

/**
 * Plays steps in a workspace of their own. The commands of a step are carried out at once, and after each step some order
 * of them, one after the other, has to give the same answers and the same state in the model.
 */
export async function play(product: Product, steps: readonly (readonly Planned[])[]): Promise<Played> {
  const place = await product.open()
  let state = structuredClone(beginning)
  const done: string[] = []
  const played: Played = { commands: 0, together: 0 }
  for (const planned of steps) {
    const commands = apart(planned.flatMap((plan) => plan(state) ?? []))
    if (commands.length === 0) continue
    played.commands += commands.length
    if (commands.length > 1) played.together++
    const next = await playStep(place, state, commands)
    done.push(next.said)
    if (!next.state) return { ...played, divergence: { steps: done, what: next.what } }
    state = next.state
  }
  return played
}

/** The job that carries out offboardings is no act: nothing else goes on beside it. */
const apart = (commands: Command[]): Command[] => {
  const alone = commands.find((one) => one.do === 'offboard')
  return alone ? [alone] : commands
}

type Step = { said: string; what: string; state?: State; answers: Answer[] }

/** Carries out commands at once, and looks for an order that explains the answers and what stands afterwards. */
export async function playStep(place: Place, state: State, commands: readonly Command[]): Promise<Step> {
  const answers = await Promise.all(
    commands.map((command) =>
      place.carryOut(command).catch((error: Error): Answer => ({ code: `threw ${error.message}` })),
    ),
  )
  const stands = await place.read()
  const said = commands.map((one, i) => `${JSON.stringify(one)} -> ${answers[i]!.code}`).join(' | ')
  const nearest: string[] = []
  for (const order of ordersOf(commands.length)) {
    const tried = structuredClone(state)
    const wrong = order.find((i) => {
      const code = carryOutOn(tried, commands[i]!, answers[i]!)
      if (code !== answers[i]!.code) nearest.push(`order ${order.join()}: ${i} should answer ${code}`)
      return code !== answers[i]!.code
    })
    if (wrong !== undefined) continue
    nameFindings(tried, stands)
    const difference = differenceOf(sorted(tried), sorted(stands))
    if (difference === undefined) return { said, what: '', state: tried, answers }
    nearest.push(`order ${order.join()}: ${difference}`)
  }
  return { said, what: nearest.join('\n'), answers }
}

/** The database names what the model only knows to be there. */
function nameFindings(model: State, stands: State): void {
  const known = new Set(model.findings.map(({ id }) => id))
  for (const finding of model.findings.filter(({ id, key }) => id === `of ${key}`))
    finding.id =
      stands.findings.find(({ id, key }) => key === finding.key && !known.has(id))?.id ?? finding.id
}

const sorted = (state: State): State => {
  const byId = <T extends { id: string }>(all: T[]) => all.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const { keys, requests, rotations, findings } = state
  return {
    ...state,
    ...{ keys: byId(keys), requests: byId(requests), rotations: byId(rotations), findings: byId(findings) },
  }
}

function differenceOf(model: State, stands: State): string | undefined {
  const field = (Object.keys(model) as (keyof State)[]).find(
    (one) => !isDeepStrictEqual(model[one], stands[one]),
  )
  return field && `${field} should be ${JSON.stringify(model[field])} and is ${JSON.stringify(stands[field])}`
}

/** Every order of so many. */
export function ordersOf(count: number): number[][] {
  if (count === 0) return [[]]
  return ordersOf(count - 1).flatMap((order) =>
    Array.from({ length: count }, (_, at) => [...order.slice(0, at), count - 1, ...order.slice(at)]),
  )
}
