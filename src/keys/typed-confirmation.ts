import type { Key } from './key.ts'
import { normaliseName } from './name.ts'

/** `Ab3d` of `tml_Ab3d...`: for names that cannot be typed. */
export const hintCharacters = (key: Pick<Key, 'hint'>): string | undefined => key.hint?.slice(-7, -3)

/** Whether what was typed before revoking is the key's name, in any case, or the characters of its hint. */
export function isConfirmedBy(typed: string, key: Pick<Key, 'name' | 'hint'>): boolean {
  return normaliseName(typed) === normaliseName(key.name) || typed.trim() === hintCharacters(key)
}
