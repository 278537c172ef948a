/** Why two servers could read a request target differently. */
export const unclearReasons = [
  'no_path',
  'two_paths',
  'form',
  'fragment',
  'character',
  'escape',
  'empty_segment',
  'dot_segment',
] as const
export type Unclear = (typeof unclearReasons)[number]

/** The path that every server reads in this target; `unclear` where servers could differ. */
export type ReadPath = { path: string } | { unclear: Unclear }

/**
 * Reads a request target. Escapes of ordinary characters are undone once, one slash at the end and the query are
 * dropped. Unclear is a target that two servers could read differently: dot segments and empty segments in any spelling,
 * `#`, `;`, backslashes, spaces and control characters, escapes of `/ \ . %`, and broken ones.
 */
export function readPath(target: string): ReadPath {
  if (isPlain.test(target)) return { path: target }
  if (target.includes('#')) return { unclear: 'fragment' }
  const end = target.indexOf('?')
  const raw = end === -1 ? target : target.slice(0, end)
  if (isPlain.test(raw)) return { path: raw }
  if (!raw.startsWith('/')) return { unclear: raw === '' ? 'no_path' : 'form' }
  if (raw.includes(' ')) return { unclear: 'character' }
  if (/%2e/i.test(raw)) return { unclear: 'dot_segment' }
  const path = undoEscapes(raw)
  if (path === undefined) return { unclear: 'escape' }
  if (path === '/') return { path }
  if (notInPaths.test(path) || confusables.test(path)) return { unclear: 'character' }
  const segments = path.slice(1, path.endsWith('/') ? -1 : undefined).split('/')
  if (segments.includes('')) return { unclear: 'empty_segment' }
  // Some servers drop spaces and further dots at the end of a name.
  if (segments.some(isDots)) return { unclear: 'dot_segment' }
  return { path: `/${segments.join('/')}` }
}

/** Segments of ordinary characters that begin with no dot: most paths, and nothing unclear in them. */
const isPlain = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+$/

// biome-ignore lint/suspicious/noControlCharactersInRegex: it has to find control characters
const notInPaths = /[\\;\u0000-\u001f\u007f-\u009f]/

/** Characters that servers may turn into a slash, a backslash, `%` or `;`: full width, division, fraction, set minus. */
const confusables = /[\u2044\u2215\u2216\u29f5\u29f8\u29f9\ufe68\ufe6a\uff05\uff0f\uff3c\uff1b]/

/** Dots in any spelling, such as full width or a leader of two, with what is not seen between them. */
const isDots = (segment: string) => /^[.\s\p{Cf}]+$/u.test(segment.normalize('NFKC'))

/**
 * The path that this target had until unclear ones were refused: dot segments and empty segments resolved, cut at `#`.
 * Undefined for what was never matched. For `KEYWARDEN_UNCLEAR_PATHS=log`, and to be removed with it.
 */
export function resolvedPath(target: string): string | undefined {
  const end = target.search(/[?#]/)
  const unescaped = undoEscapes(end === -1 ? target : target.slice(0, end))
  if (unescaped === undefined || !unescaped.startsWith('/') || notInPaths.test(unescaped)) return undefined
  const segments: string[] = []
  for (const segment of unescaped.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.pop() === undefined) return undefined
  }
  return `/${segments.join('/')}`
}

function undoEscapes(raw: string): string | undefined {
  if (!raw.includes('%')) return raw
  // An escaped slash, backslash or percent sign would mean something else after being undone.
  if (/%(?:2f|5c|25)/i.test(raw)) return undefined
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined
  }
}
