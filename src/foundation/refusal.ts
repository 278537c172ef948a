import type { Phrase } from './words.ts'

/**
 * The reason why an act was refused, as a value. `message` is for the person and says what happened; `next` says what to
 * do or who can; `logged` is for the operator and may hold what the person must not read.
 */
export type Refusal = {
  refused: true
  code: RefusalCode
  message: Phrase
  next?: Phrase
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

type More = Pick<Refusal, 'logged' | 'field'> & { next?: Phrase | string }

export function refuse(code: RefusalCode, message: Phrase | string, { next, ...more }: More = {}): Refusal {
  return {
    refused: true,
    code,
    message: asPhrase(message),
    ...(next === undefined ? {} : { next: asPhrase(next) }),
    ...more,
  }
}

const asPhrase = (words: Phrase | string): Phrase => (typeof words === 'string' ? [words] : words)

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as Refusal).refused === true
}

/** The two sentences as one, for surfaces that have a single line. */
export const sentence = (refusal: Refusal): Phrase =>
  refusal.next ? [...refusal.message, ' ', ...refusal.next] : refusal.message
