import { type Refusal, refuse } from '../foundation/refusal.ts'

const max = 1_000_000

/** Reads a limit of requests per minute as a person types it; blank is no limit (null). */
export function readLimit(text: string): number | null | Refusal {
  const typed = text.trim().replace(/(\d)[, _](?=\d{3}(?!\d))/g, '$1')
  if (typed === '') return null
  if (!/^\d{1,7}$/.test(typed) || Number(typed) < 1 || Number(typed) > max)
    return refuse(
      'invalid',
      `Enter a whole number of requests per minute from 1 to ${max.toLocaleString('en-US')}.`,
      {
        field: 'limit',
      },
    )
  return Number(typed)
}
