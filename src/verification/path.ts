/**
 * The path that a platform would serve for this request target, or undefined when two servers could read it
 * differently: then no route may match it. Escapes of ordinary characters are undone once, empty and dot segments
 * resolved, the query dropped. `%2F`, backslashes, control characters and broken escapes are not guessed at.
 */
export function normalPath(target: string): string | undefined {
  if (isPlain.test(target)) return target
  const end = target.search(/[?#]/)
  const raw = end === -1 ? target : target.slice(0, end)
  if (isPlain.test(raw)) return raw
  const unescaped = undoEscapes(raw)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (unescaped === undefined || !unescaped.startsWith('/') || /[\\\u0000-\u001f\u007f;]/.test(unescaped))
    return undefined
  const segments: string[] = []
  for (const segment of unescaped.split('/').slice(1)) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.pop() === undefined) return undefined
  }
  return `/${segments.join('/')}`
}

/** Segments of ordinary characters that begin with no dot: most paths, and nothing to resolve in them. */
const isPlain = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+$/

function undoEscapes(raw: string): string | undefined {
  if (!raw.includes('%')) return raw
  // An escaped slash or percent sign would mean something else after being undone.
  if (/%(?:2f|5c|25)/i.test(raw)) return undefined
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined
  }
}
