import { type Refusal, refuse } from '../foundation/refusal.ts'
import { longestDays, mustExpire, type Policy } from '../policy/policy.ts'

/** A lifetime in whole days, null for blank, or why policy refuses it. Pure. */
export function readExpiry(text: string, scopes: string[], policy: Policy): number | null | Refusal {
  const days = text.trim()
  const field = 'expires'
  const max = longestDays(policy)
  if (days === '') {
    if (!mustExpire(scopes, policy)) return null
    const which = policy.mustExpire === 'write' && policy.maximumLifetimeDays === 0 ? 'Write keys' : 'Keys'
    return refuse('invalid', `${which} must expire.`, { field, next: 'Enter a number of days.' })
  }
  if (!/^[0-9]{1,6}$/.test(days) || Number(days) < 1 || Number(days) > max)
    return refuse('invalid', `Enter a whole number of days from 1 to ${max}.`, { field })
  return Number(days)
}

/** The lifetime of a successor when policy wants an end, its predecessor had none, and there is no longest lifetime. */
const endDays = 365

/** The lifetime that a successor takes over, cut to what policy allows: a rotation is never refused for it. Pure. */
export function inheritedLifetime(
  lifetimeDays: number | null,
  scopes: readonly string[],
  policy: Policy,
): number | null {
  if (lifetimeDays !== null) return Math.min(lifetimeDays, longestDays(policy))
  return mustExpire(scopes, policy) ? policy.maximumLifetimeDays || endDays : null
}
