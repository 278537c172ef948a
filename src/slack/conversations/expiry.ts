import type { Refusal } from '../../foundation/refusal.ts'
import { textIn, type Values } from '../interaction.ts'
import { daysUntil, defaultExpiry, type ExpiryProps } from '../messages/keys/expiry.ts'
import { fieldErrors } from '../messages/refusal.ts'

export type ExpiryChoice = Pick<ExpiryProps, 'expires' | 'days' | 'until'>

/** The expiry that the fields of a form hold so far. */
export function readExpiryChoice(values: Values): ExpiryChoice {
  const [days, until] = [textIn(values, 'days').trim(), textIn(values, 'until')]
  return {
    expires: textIn(values, 'expires') || defaultExpiry,
    ...(days ? { days } : {}),
    ...(until ? { until } : {}),
  }
}

/** The lifetime that a submitted form asks for, as typed: days, or blank for no end. */
export function readLifetime(values: Values, now: Date): string {
  const { expires, days, until } = readExpiryChoice(values)
  if (expires === 'never') return ''
  if (expires !== 'other') return expires
  // Submitted before the form was drawn with its fields: nothing was left blank on purpose.
  if (!('days' in values)) return '0'
  return days ?? (until ? String(daysUntil(until, now)) : '')
}

/** Field errors, with the one about the expiry on the field where it was given. */
export function expiryErrors(values: Values, refusals: readonly Refusal[]): Record<string, string> {
  const { expires, ...others } = fieldErrors(refusals)
  if (expires === undefined) return others
  const { days, until } = readExpiryChoice(values)
  const isOther = textIn(values, 'expires') === 'other' && 'days' in values
  return { ...others, [isOther ? (until && !days ? 'until' : 'days') : 'expires']: expires }
}
