/**
 * One part of many tallies, sorted by key. A key that was forgotten and read again meanwhile has two tallies, whose
 * parts are added up: in a batch nothing may stand twice.
 */
export function mergeByKey<Tally extends { key: { id: string } }, T>(
  tallies: readonly Tally[],
  partOf: (tally: Tally) => readonly T[],
  isSame: (a: T, b: T) => boolean,
  add: (into: T, from: T) => void,
): { keyId: string; parts: T[] }[] {
  const sorted = [...tallies].sort((a, b) => (a.key.id < b.key.id ? -1 : a.key.id > b.key.id ? 1 : 0))
  const merged: { keyId: string; parts: T[] }[] = []
  for (const tally of sorted) {
    const last = merged.at(-1)
    if (last?.keyId !== tally.key.id) {
      merged.push({ keyId: tally.key.id, parts: [...partOf(tally)] })
      continue
    }
    for (const part of partOf(tally)) {
      const same = last.parts.find((other) => isSame(other, part))
      if (same) add(same, part)
      else last.parts.push(part)
    }
  }
  return merged
}
