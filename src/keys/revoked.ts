import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say, who } from '../foundation/words.ts'
import type { Key } from './key.ts'

/** The refusal of every verb that comes after a revoke: names who revoked the key, and when. */
export const revokedAlready = (key: Key): Refusal =>
  refuse(
    'gone',
    say`${who(key.statusChangedBy)} revoked ${{ name: key.name }} on ${{ moment: key.statusChangedAt }}.`,
    { next: say`Make a new one with ${{ code: '/keys create' }}.` },
  )
