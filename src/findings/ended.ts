import type { Gone, Question, Resolution } from './finding.ts'

/** The resolution of a finding if it ended this way; undefined if it did not. */
type Ending = (gone: Gone, now: Date) => Resolution | undefined

const resolution = (what: Resolution['what'], by: string | null, at: Date): Resolution => ({
  what,
  by,
  at: at.toISOString(),
})

/** The key was revoked. */
export const revoked: Ending = ({ status, statusChangedBy, statusChangedAt }) =>
  status === 'revoked' ? resolution('revoked', statusChangedBy, statusChangedAt) : undefined

/** For kinds that are about active keys: it was deactivated since. */
export const deactivated: Ending = ({ status, statusChangedBy, statusChangedAt }) =>
  status === 'inactive' ? resolution('deactivated', statusChangedBy, statusChangedAt) : undefined

/** For kinds that inactive keys have too. */
export const deactivatedSince: Ending = (gone, now) =>
  gone.statusChangedAt >= gone.openedAt ? deactivated(gone, now) : undefined

/** Activated again since the finding opened. */
export const activated: Ending = ({ status, statusChangedBy, statusChangedAt, openedAt, endsAt }, now) =>
  status === 'active' && statusChangedAt >= openedAt && (endsAt === null || endsAt > now)
    ? resolution('activated', statusChangedBy, statusChangedAt)
    : undefined

/** The key has a successor. */
export const rotated: Ending = ({ successor }) =>
  successor ? resolution('rotated', successor.by, successor.at) : undefined

/** Confirmed as needed since the finding opened. */
export const needed: Ending = ({ neededAt, neededBy, openedAt }) =>
  neededAt && neededAt >= openedAt ? resolution('needed', neededBy, neededAt) : undefined

/** The key expired, or the grace of its rotation ended. */
export const over: Ending = ({ endsAt }, now) =>
  endsAt && endsAt <= now ? resolution('over', null, endsAt) : undefined

/** The policy changed: the only reason left for a key that is still active. */
export const policyChanged: Ending = ({ status }, now) =>
  status === 'active' ? resolution('policy', null, now) : undefined

/** Noticed now; nobody did it, or it is unknown who did. */
export const noticed = (what: Resolution['what'], now: Date): Resolution => resolution(what, null, now)

/** Done by that actor, at that time. */
export const doneBy = (what: Resolution['what'], { by, at }: { by: string | null; at: Date }): Resolution =>
  resolution(what, by, at)

/** The first of these endings that applies; `renewed`, naming nobody, when none does. */
export const firstOf = (one: Gone, now: Date, endings: readonly Ending[]): Resolution =>
  endings.map((ending) => ending(one, now)).find((found) => found) ?? noticed('renewed', now)

/** For kinds whose end can be read from the key: the first of these endings that applies. */
export const endedBy =
  (...endings: readonly Ending[]): Question['ended'] =>
  async (_trx, gone, now) =>
    gone.map((one) => firstOf(one, now, endings))
