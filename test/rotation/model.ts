import type { Clock } from '../../src/foundation/clock.ts'

/** The events in the life of a rotation's keys. Keys and rotations are named by their place in what there is. */
export type Step =
  | { does: 'start'; key: number; reason: 'scheduled' | 'compromised' }
  | { does: 'reveal' | 'traffic' | 'deactivate' | 'activate' | 'revoke'; key: number }
  | { does: 'finish'; rotation: number; early: boolean }
  | { does: 'abort'; rotation: number; sure: boolean }
  | { does: 'later'; hours: number }
  | { does: 'offboard' }

export type ModelKey = {
  id: string
  name: string
  status: 'unrevealed' | 'active' | 'inactive' | 'revoked'
  ownerId: string
  revealedBy: string | null
  revealedAt: number
  endsAt: number
  lastUse: number | null
  wasAccepted: boolean
  predecessor: ModelKey | undefined
  successor: ModelKey | undefined
}

export type ModelRotation = { id: string; old: ModelKey; next: ModelKey; dueAt: number; isOpen: boolean }

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const lifetimeMs = 90 * dayMs

/** The rules of rotation, written down a second time and simply: what each step does, and what follows by itself. */
export class Model {
  readonly keys: ModelKey[]
  readonly rotations: ModelRotation[] = []
  readonly #clock: Clock
  readonly #leaver: string
  readonly #successor: string
  #unnamed: { key: ModelKey; rotation: ModelRotation }[] = []
  hasLeft = false
  /** somebody revoked a key by hand: then nothing is promised any more */
  wasEndedByHand = false

  constructor(first: { id: string; name: string }, leaver: string, successor: string, clock: Clock) {
    this.#clock = clock
    this.#leaver = leaver
    this.#successor = successor
    this.keys = [
      {
        ...{ id: first.id, name: first.name, status: 'active', ownerId: leaver, revealedBy: leaver },
        ...{ revealedAt: this.#now, endsAt: this.#now + lifetimeMs, lastUse: null, wasAccepted: false },
        ...{ predecessor: undefined, successor: undefined },
      },
    ]
  }

  get #now(): number {
    return this.#clock.now().getTime()
  }

  key = (place: number): ModelKey => this.keys[place % this.keys.length]!
  rotation = (place: number): ModelRotation | undefined => this.rotations[place % this.rotations.length]

  accepts = (key: ModelKey): boolean => key.status === 'active' && this.#now < key.endsAt
  #isOver = (key: ModelKey): boolean => key.status === 'revoked' || this.#now >= key.endsAt
  #running = (key: ModelKey, as: 'old' | 'next') =>
    this.rotations.find((one) => one.isOpen && one[as] === key)

  /** Ids that the product has drawn for what this model made. */
  name(keyId: string, rotationId: string, predecessorId: string): void {
    if (this.keys.some(({ id }) => id === keyId)) return
    const made = this.#unnamed.find(({ rotation }) => rotation.old.id === predecessorId)
    this.#unnamed = this.#unnamed.filter((one) => one !== made)
    if (!made) throw new Error(`the product made ${keyId}, which no rule asks for`)
    made.key.id = keyId
    made.rotation.id = rotationId
  }

  /** Does the step here; whether the product should do it. */
  expect(step: Step): boolean {
    switch (step.does) {
      case 'start':
        return this.#start(this.key(step.key), step.reason)
      case 'reveal': {
        const key = this.key(step.key)
        if (key.status !== 'unrevealed') return false
        Object.assign(key, { status: 'active', revealedBy: key.ownerId, revealedAt: this.#now })
        key.endsAt = this.#now + lifetimeMs
        return true
      }
      case 'traffic': {
        const key = this.key(step.key)
        key.lastUse = this.#now
        if (this.accepts(key)) key.wasAccepted = true
        return true
      }
      case 'finish':
        return this.#finish(this.rotation(step.rotation), step.early)
      case 'abort':
        return this.#abort(this.rotation(step.rotation), step.sure)
      case 'deactivate':
        return this.#move(this.key(step.key), 'active', 'inactive')
      case 'activate':
        return !this.#isOver(this.key(step.key)) && this.#move(this.key(step.key), 'inactive', 'active')
      case 'revoke': {
        const key = this.key(step.key)
        if (key.status === 'revoked') return false
        this.wasEndedByHand = true
        this.#revoke(key)
        return true
      }
      case 'offboard':
        return this.#offboard()
      case 'later':
        return true
    }
  }

  #move(key: ModelKey, from: ModelKey['status'], to: ModelKey['status']): boolean {
    if (key.status !== from) return false
    key.status = to
    return true
  }

  /** Keys that pointed to it point to its replacement, if there is one. */
  #revoke(key: ModelKey): void {
    key.status = 'revoked'
    for (const other of this.keys) if (other.successor === key) other.successor = key.successor
  }

  #start(key: ModelKey, reason: 'scheduled' | 'compromised' | 'leaver'): boolean {
    if (key.status === 'revoked' || key.status === 'unrevealed') return false
    if (this.#running(key, 'old')) {
      if (reason !== 'compromised') return false
      this.#revoke(key)
      return true
    }
    if (key.successor) return false
    const within = this.rotations.filter((one) => one.isOpen && one.next === key)
    const isHeld = within.some((one) => one.old.status !== 'revoked')
    if (isHeld && reason === 'scheduled') return false
    for (const one of within.filter(({ old }) => old.status === 'revoked')) one.isOpen = false
    const next: ModelKey = {
      ...{ id: '', name: key.name, status: 'unrevealed', ownerId: key.ownerId, revealedBy: null },
      ...{ revealedAt: 0, endsAt: Number.POSITIVE_INFINITY, lastUse: null, wasAccepted: false },
      ...{ predecessor: key, successor: undefined },
    }
    key.successor = next
    const rotation = { id: '', old: key, next, dueAt: this.#now + 14 * dayMs, isOpen: true }
    this.keys.push(next)
    this.rotations.push(rotation)
    this.#unnamed.push({ key: next, rotation })
    if (reason === 'compromised') this.#revoke(key)
    return true
  }

  #isUsed = ({ next }: ModelRotation) => next.wasAccepted && this.accepts(next)

  #isSafe(rotation: ModelRotation): boolean {
    if (!this.#isUsed(rotation)) return false
    const { old } = rotation
    if (old.status === 'revoked') return false
    return this.#isOver(old) || this.#now - (old.lastUse ?? old.revealedAt) >= dayMs
  }

  #finish(rotation: ModelRotation | undefined, early: boolean): boolean {
    if (!rotation?.isOpen || rotation.next.status === 'revoked') return false
    if (!early && !this.#isSafe(rotation)) return false
    if (rotation.old.status !== 'revoked') this.#revoke(rotation.old)
    if (rotation.next.status !== 'unrevealed') rotation.isOpen = false
    return true
  }

  #abort(rotation: ModelRotation | undefined, sure: boolean): boolean {
    if (!rotation?.isOpen || rotation.old.status === 'revoked' || rotation.next.status === 'revoked')
      return false
    if (rotation.next.successor) return false
    if (!sure && rotation.next.wasAccepted) return false
    this.#revoke(rotation.next)
    rotation.isOpen = false
    return true
  }

  #offboard(): boolean {
    if (this.hasLeft) return false
    this.hasLeft = true
    for (const key of [...this.keys]) {
      if (key.status === 'revoked' || this.#isOver(key)) continue
      const isTheirs = key.ownerId === this.#leaver
      if (!isTheirs && key.revealedBy !== this.#leaver) continue
      if (key.status === 'inactive') continue
      if (isTheirs) key.ownerId = this.#successor
      if (key.status === 'unrevealed') continue
      if (!key.successor) this.#start(key, 'leaver')
      key.endsAt = Math.min(key.endsAt, this.#now + 7 * dayMs)
      const running = this.#running(key, 'old')
      if (running && this.#unnamed.some(({ rotation }) => rotation === running))
        running.dueAt = Math.min(running.dueAt, this.#now + 7 * dayMs)
    }
    return true
  }

  /** The effects of the job. */
  work(): void {
    for (let moved = true; moved; ) {
      moved = false
      for (const rotation of this.rotations.filter(({ isOpen }) => isOpen))
        moved = this.#workOn(rotation) || moved
    }
  }

  #workOn(rotation: ModelRotation): boolean {
    const { old, next } = rotation
    if (next.status === 'revoked') {
      if (old.successor && old.successor.status !== 'revoked') rotation.next = old.successor
      else rotation.isOpen = false
      return true
    }
    if (next.status === 'unrevealed') return false
    const isDue = this.#now >= rotation.dueAt
    const isDone = old.status === 'revoked' && this.#isUsed(rotation)
    if (!isDone && !(isDue && (this.#isSafe(rotation) || this.#isOver(old)))) return false
    if (old.status !== 'revoked') this.#revoke(old)
    rotation.isOpen = false
    return true
  }
}
