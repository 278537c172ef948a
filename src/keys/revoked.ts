import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say, who } from '../foundation/words.ts'
import type { Key } from './key.ts'

/** Who ended the key and when: the same words for every verb that comes too late. */
export const revokedAlready = (key: Key): Refusal =>
  refuse(
    'gone',
    say`${who(key.statusChangedBy)} revoked ${{ name: key.name }} on ${{ moment: key.statusChangedAt }}.`,
    { next: say`Make a new one with ${{ code: '/keys create' }}.` },
  )
