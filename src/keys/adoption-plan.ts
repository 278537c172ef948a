import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import type { Policy } from '../policy/policy.ts'
import type { Taken } from './adopt.ts'
import { type Adoption, type AdoptionFields, policyWarnings, readAdoption } from './adoption.ts'
import { normaliseName } from './name.ts'

/** One line of a file of keys and what is to become of it. */
export type Planned = {
  line: number
  adoption?: Adoption
  wrong: Refusal[]
  warnings: Refusal[]
  /** the key is here already, from an earlier run */
  here?: Taken
}

type Line = { line: number } & ({ fields: AdoptionFields } | { wrong: string })

/** Reads every line by itself, and notices what the file has twice. Pure. */
export function readLines(lines: readonly Line[], policy: Policy, now: Date): Planned[] {
  const planned = lines.map((line) => readLine(line, policy, now))
  refuseRepeated(planned, 'sha256', ({ tokenHash }) => tokenHash.toString('hex'))
  refuseRepeated(planned, 'name', ({ name }) => normaliseName(name))
  return planned
}

function readLine(line: Line, policy: Policy, now: Date): Planned {
  const nothing = { line: line.line, wrong: [], warnings: [] }
  if ('wrong' in line) return { ...nothing, wrong: [refuse('invalid', line.wrong)] }
  const read = readAdoption(line.fields, now)
  if (Array.isArray(read)) return { ...nothing, wrong: read }
  return { ...nothing, adoption: read, warnings: policyWarnings(read, policy, now) }
}

function refuseRepeated(
  planned: readonly Planned[],
  field: string,
  of: (adoption: Adoption) => string,
): void {
  const seen = new Map<string, number>()
  for (const { line, adoption, wrong } of planned) {
    if (!adoption) continue
    const first = seen.get(of(adoption))
    if (first === undefined) seen.set(of(adoption), line)
    else wrong.push(refuse('duplicate', `Line ${first} has the same.`, { field }))
  }
}

/**
 * Compares with the keys that are there: the same token under the same name was imported before; a token or a name
 * that something else has is refused. Pure.
 */
export function compareWithTaken(
  planned: readonly Planned[],
  taken: readonly Taken[],
  workspaceId: string,
): void {
  const byHash = new Map(taken.map((key) => [key.tokenHash?.toString('hex'), key]))
  const byName = new Map(
    taken
      .filter((key) => key.workspaceId === workspaceId && key.status !== 'revoked')
      .map((key) => [key.nameFolded, key]),
  )
  for (const plan of planned) {
    if (!plan.adoption) continue
    const name = normaliseName(plan.adoption.name)
    const same = byHash.get(plan.adoption.tokenHash.toString('hex'))
    if (same?.workspaceId === workspaceId && same.nameFolded === name) plan.here = same
    else if (same) plan.wrong.push(tokenIsTaken(same))
    else if (byName.has(name)) plan.wrong.push(nameIsTaken(byName.get(name)!))
  }
}

const tokenIsTaken = ({ name, workspaceName }: Taken): Refusal =>
  refuse('duplicate', say`This token is here already, as ${{ name }} in ${{ name: workspaceName }}.`, {
    field: 'sha256',
  })

const nameIsTaken = ({ name, id }: Taken): Refusal =>
  refuse('duplicate', say`Another key is called ${{ name }} already (${{ code: id }}).`, { field: 'name' })
