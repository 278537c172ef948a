/**
 * Why something was not done, as a value. `told` is for the person and says what happened; `next` says what to
 * do or who can; `logged` is for the operator and may hold what the person must not read.
 */
export type Refusal = {
  refused: true
  code: RefusalCode
  told: string
  next?: string
  logged?: Record<string, unknown>
  /** the input it is about, so that a dialog can put the sentence on that field */
  field?: string
}

export type RefusalCode =
  | 'forbidden'
  | 'not_a_member'
  | 'not_found'
  | 'ambiguous'
  | 'invalid'
  | 'duplicate'
  | 'already'
  | 'changed'
  | 'gone'
  | 'expired'
  | 'mismatch'
  | 'repeated'
  | 'database_out'
  | 'outcome_unknown'
  | 'failed'

export function refuse(
  code: RefusalCode,
  told: string,
  more: Omit<Refusal, 'refused' | 'code' | 'told'> = {},
) {
  return { refused: true, code, told, ...more } satisfies Refusal as Refusal
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as Refusal).refused === true
}

/** The two sentences as one, for surfaces that have a single line. */
export const sentence = (refusal: Refusal) =>
  refusal.next ? `${refusal.told} ${refusal.next}` : refusal.told
