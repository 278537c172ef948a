/**
 * What the product promises about people, keys, requests, rotations and findings of one workspace, as the simplest
 * program that could keep it: no database, no clock, one command after the other.
 */
export const people = ['U0ADA00001', 'U0BRUNO002', 'U0CY000003', 'U0DEE00004'] as const
type Person = (typeof people)[number]
type Role = 'owner' | 'manager' | 'member'

type ModelKey = {
  id: string
  name: string
  status: 'unrevealed' | 'active' | 'inactive' | 'revoked'
  owner: string
  revealedBy: string | null
  writes: boolean
  predecessor: string | null
  successor: string | null
  version: number
}
type ModelRequest = { id: string; by: string; name: string; state: string; key: string | null }
type ModelRotation = {
  id: string
  old: string
  next: string
  phase: 'running' | 'finished' | 'aborted'
}
/** A finding that a key may write and never ends. */
type ModelFinding = { id: string; key: string; taken: string | null; isOpen: boolean }

export type State = {
  workspaces: string[]
  roles: Record<string, Role>
  departed: string[]
  offboarded: string[]
  suspended: boolean
  keys: ModelKey[]
  requests: ModelRequest[]
  rotations: ModelRotation[]
  findings: ModelFinding[]
}

/** Who has which role at the beginning; nothing else is there. */
export const beginning: State = {
  workspaces: ['Platform'],
  roles: { [people[0]]: 'owner', [people[1]]: 'manager', [people[2]]: 'member', [people[3]]: 'member' },
  ...{ departed: [], offboarded: [], suspended: false },
  ...{ keys: [], requests: [], rotations: [], findings: [] },
}

/** `id` names a key, request, rotation or finding; `version` is what the editor saw. */
export type Command =
  | { do: 'issue'; by: Person; name: string; owner: Person; writes: boolean }
  | { do: 'reveal' | 'deactivate' | 'activate' | 'revoke' | 'rotate'; by: Person; id: string }
  | { do: 'edit'; by: Person; id: string; name: string; owner: Person; version: number }
  | { do: 'finish' | 'abort'; by: Person; id: string }
  | { do: 'role'; by: Person; of: Person; role: Role }
  | { do: 'request'; by: Person; name: string }
  | { do: 'approve' | 'deny' | 'withdraw'; by: Person; id: string }
  | { do: 'suspend' | 'resume'; by: Person }
  | { do: 'offboard'; of: Person }
  | { do: 'workspace'; name: string }
  | { do: 'stranger'; id: string }
  | { do: 'look-for-findings' }
  | { do: 'take' | 'let-go'; by: Person; id: string }

/** What a command answered: `ok` or the code of the refusal, and the ids of what it made. */
export type Answer = { code: string; made?: string; rotation?: string }

const rank: Record<Role, number> = { member: 0, manager: 1, owner: 2 }

/**
 * Carries out one command on the state, which it changes. Returns the code that the product has to answer.
 * @param answer what the product answered, for the ids of what it made
 */
export function carryOutOn(state: State, command: Command, answer: Answer): string {
  if ('by' in command && !state.roles[command.by]) return 'not_a_member'
  const is = (least: Role) => 'by' in command && rank[state.roles[command.by]!] >= rank[least]
  const keyOf = (id: string | null) => state.keys.find((key) => key.id === id)
  const nameTaken = (name: string, except?: string) =>
    state.keys.some(
      (key) =>
        key.id !== except &&
        key.status !== 'revoked' &&
        key.successor === null &&
        key.name.toLowerCase() === name.toLowerCase(),
    )
  const issue = (name: string, owner: string, writes: boolean, predecessor: string | null = null) =>
    state.keys.push({
      ...{ id: answer.made ?? '', name, status: 'unrevealed', owner, revealedBy: null, writes, predecessor },
      ...{ successor: null, version: 1 },
    })
  /**
   * The end of a successor gives its predecessor the name back, or its own successor. Where another key has the name, the
   * predecessor gets one of its own.
   */
  const end = (key: ModelKey) => {
    key.status = 'revoked'
    for (const one of state.keys) {
      if (one.successor !== key.id) continue
      one.successor = key.successor
      if (one.status === 'revoked' || one.successor !== null || !nameTaken(one.name, one.id)) continue
      Object.assign(one, { name: `${one.name} (${one.id})`, version: one.version + 1 })
    }
  }
  const running = (id: string) =>
    state.rotations.find(({ phase, old }) => phase === 'running' && old === id) ??
    state.rotations.find(({ phase, next }) => phase === 'running' && next === id)

  switch (command.do) {
    case 'issue':
      if (!is('manager')) return 'forbidden'
      if (nameTaken(command.name)) return 'duplicate'
      issue(command.name, command.owner, command.writes)
      return 'ok'
    case 'reveal': {
      const key = keyOf(command.id)!
      if (!is('manager') && key.owner !== command.by) return 'not_found'
      if (key.owner !== command.by) return 'forbidden'
      if (key.status === 'revoked') return 'ended'
      if (key.status !== 'unrevealed') return 'already'
      Object.assign(key, { status: 'active', revealedBy: command.by })
      return 'ok'
    }
    case 'deactivate':
    case 'activate':
    case 'revoke': {
      if (!is('manager')) return 'forbidden'
      const key = keyOf(command.id)!
      if (key.status === 'revoked') return 'gone'
      if (command.do === 'revoke') end(key)
      else if (key.status !== (command.do === 'deactivate' ? 'active' : 'inactive')) return 'already'
      else key.status = command.do === 'deactivate' ? 'inactive' : 'active'
      return 'ok'
    }
    case 'edit': {
      if (!is('manager')) return 'forbidden'
      const key = keyOf(command.id)!
      if (key.status === 'revoked') return 'gone'
      if (key.version !== command.version) return 'changed'
      if (key.name === command.name && key.owner === command.owner) return 'ok'
      if (key.successor === null && nameTaken(command.name, key.id)) return 'duplicate'
      Object.assign(key, { name: command.name, owner: command.owner, version: key.version + 1 })
      return 'ok'
    }
    case 'rotate': {
      const key = keyOf(command.id)!
      const other = running(key.id)
      if (other?.old === key.id) return 'already'
      if (other && keyOf(other.old)!.status !== 'revoked') return 'already'
      if (!is('manager')) return 'forbidden'
      if (key.status === 'revoked') return 'gone'
      if (key.status === 'unrevealed' || key.successor !== null) return 'already'
      // The old key of the rotation that this one came from is gone, so that one is over.
      if (other) other.phase = 'finished'
      issue(key.name, key.owner, key.writes, key.id)
      key.successor = answer.made ?? ''
      state.rotations.push({
        ...{ id: answer.rotation ?? '', old: key.id, next: answer.made ?? '', phase: 'running' },
      })
      return 'ok'
    }
    case 'finish': {
      if (!is('manager')) return 'forbidden'
      const rotation = state.rotations.find(({ id }) => id === command.id)!
      if (rotation.phase !== 'running') return 'already'
      const [old, next] = [keyOf(rotation.old)!, keyOf(rotation.next)!]
      if (next.status === 'revoked') return 'gone'
      if (old.status !== 'revoked') end(old)
      // Its owner still has to reveal the new key.
      if (next.status !== 'unrevealed') rotation.phase = 'finished'
      return 'ok'
    }
    case 'abort': {
      if (!is('manager')) return 'forbidden'
      const rotation = state.rotations.find(({ id }) => id === command.id)!
      if (rotation.phase !== 'running') return 'already'
      const [old, next] = [keyOf(rotation.old)!, keyOf(rotation.next)!]
      if (old.status === 'revoked' || next.status === 'revoked') return 'gone'
      if (next.successor !== null) return 'already'
      end(next)
      rotation.phase = 'aborted'
      return 'ok'
    }
    case 'role': {
      if (!is('owner')) return 'forbidden'
      const before = state.roles[command.of] ?? 'member'
      if (before === command.role) return 'ok'
      const owners = Object.values(state.roles).filter((role) => role === 'owner').length
      if (before === 'owner' && owners === 1) return 'already'
      state.roles[command.of] = command.role
      return 'ok'
    }
    case 'request':
      if (
        state.requests.some(
          ({ by, name, state: stands }) =>
            stands === 'waiting' && by === command.by && name.toLowerCase() === command.name.toLowerCase(),
        )
      )
        return 'duplicate'
      state.requests.push({
        ...{ id: answer.made ?? '', by: command.by, name: command.name, state: 'waiting', key: null },
      })
      return 'ok'
    case 'approve':
    case 'deny': {
      if (!is('manager')) return 'forbidden'
      const request = state.requests.find(({ id }) => id === command.id)!
      if (request.state === 'closed') return 'gone'
      if (request.state !== 'waiting') return 'already'
      if (request.by === command.by) return 'forbidden'
      if (command.do === 'deny') {
        request.state = 'denied'
        return 'ok'
      }
      if (nameTaken(request.name)) return 'duplicate'
      issue(request.name, request.by, false)
      Object.assign(request, { state: 'approved', key: answer.made ?? '' })
      return 'ok'
    }
    case 'withdraw': {
      const request = state.requests.find(({ id }) => id === command.id)!
      if (request.by !== command.by) return 'not_found'
      if (request.state === 'closed') return 'gone'
      if (request.state !== 'waiting') return 'already'
      request.state = 'withdrawn'
      return 'ok'
    }
    case 'suspend':
    case 'resume':
      if (!is('owner')) return 'forbidden'
      if (state.suspended === (command.do === 'suspend')) return 'already'
      state.suspended = command.do === 'suspend'
      return 'ok'
    case 'offboard':
      return offboard(state, command.of, end)
    case 'workspace':
      if (state.workspaces.some((name) => name.toLowerCase() === command.name.toLowerCase()))
        return 'duplicate'
      state.workspaces.push(command.name)
      return 'ok'
    case 'stranger':
      return 'not_found'
    case 'look-for-findings': {
      const due = state.keys.filter((key) => key.status === 'active' && key.writes && key.successor === null)
      for (const finding of state.findings) finding.isOpen &&= due.some(({ id }) => id === finding.key)
      const isKnown = (id: string) => state.findings.some(({ key, isOpen }) => isOpen && key === id)
      for (const { id } of due)
        if (!isKnown(id)) state.findings.push({ id: `of ${id}`, key: id, taken: null, isOpen: true })
      return 'ok'
    }
    case 'take':
    case 'let-go': {
      const finding = state.findings.find(({ id }) => id === command.id)!
      const isTheirs = finding.taken === command.by || keyOf(finding.key)!.owner === command.by
      if (!is('manager') && !isTheirs) return 'not_found'
      if (!finding.isOpen) return 'already'
      if (command.do === 'take') {
        if (finding.taken === command.by) return 'already'
        finding.taken = command.by
        return 'ok'
      }
      if (finding.taken === null) return 'already'
      if (finding.taken !== command.by && !is('manager')) return 'forbidden'
      finding.taken = null
      return 'ok'
    }
  }
}

/** Every key that the leaver can have seen ends, what nobody saw goes to who takes over, and so does their role. */
function offboard(state: State, leaver: Person, end: (key: ModelKey) => void): string {
  const to = takesOver(state, leaver)
  for (const key of state.keys) {
    if (key.status === 'revoked') continue
    if (key.owner !== leaver && key.revealedBy !== leaver) continue
    if (key.status === 'unrevealed' && to !== undefined) {
      if (key.owner === leaver) Object.assign(key, { owner: to, version: key.version + 1 })
    } else end(key)
  }
  for (const request of state.requests)
    if (request.state === 'waiting' && request.by === leaver) request.state = 'closed'
  state.departed = [...new Set([...state.departed, leaver])].sort()
  state.offboarded.push(leaver)
  delete state.roles[leaver]
  return 'ok'
}

/** A manager, else an owner, and nobody who leaves too: the one who has been there longest, then by id. */
function takesOver(state: State, leaver: Person): string | undefined {
  const of = (role: Role) =>
    Object.keys(state.roles)
      .filter((one) => state.roles[one] === role)
      .sort()
  return [...of('manager'), ...of('owner')].find((one) => one !== leaver && !state.offboarded.includes(one))
}
