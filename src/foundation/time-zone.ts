/** Names that were found good: to ask costs more than all the rest of reading a workspace's terms. */
const knownTimeZones = new Set<string>()

/** Whether this is the name of a time zone that dates can be shown in. */
export function isTimeZone(name: string): boolean {
  if (knownTimeZones.has(name)) return true
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    knownTimeZones.add(name)
    return true
  } catch {
    return false
  }
}
