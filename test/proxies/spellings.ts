/** Headers as they came are names and values in turn. */
const pairs = (raw: readonly string[]): (readonly [string, string])[] =>
  raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1]!] as const] : []))

/** The values received under that name, which is given in lower case. */
export const valuesOf = (raw: readonly string[], name: string): string[] =>
  pairs(raw).flatMap(([other, value]) => (other.toLowerCase() === name ? [value] : []))

/** The variables that a platform sees that folds names as CGI, WSGI, Rack and PHP do. */
export const folded = (raw: readonly string[]): string[] =>
  pairs(raw)
    .map(([name, value]) => `${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}=${value}`)
    .filter((variable) => variable.includes('KEYWARDEN'))
    .sort()

/** The words of the names by which the platform hears whose request it is. */
export const identities = [
  ['X', 'Keywarden', 'Key', 'Id'],
  ['X', 'Keywarden', 'Workspace'],
  ['X', 'Keywarden', 'Scopes'],
]
const separators = ['-', '_', '.']
/** The other characters that a header's name may have, by RFC 9110. */
const tokens = [..."!#$%&'*+^`|~"]
const cases: Record<string, (word: string, i: number) => string> = {
  'as documented': (word) => word,
  'in lower case': (word) => word.toLowerCase(),
  'in upper case': (word) => word.toUpperCase(),
  'in mixed case': (word, i) => (i % 2 ? word.toUpperCase() : word.toLowerCase()),
}

/** The words with every mix of these characters between them. */
export const joined = (words: readonly string[], between: readonly string[]): string[] =>
  words
    .slice(1)
    .reduce((names, word) => names.flatMap((name) => between.map((one) => name + one + word)), [words[0]!])

/** Every mix of hyphens, underscores and dots, and each other character in all places. */
const spellingsOf = (words: readonly string[]): string[] => [
  ...joined(words, separators),
  ...tokens.map((one) => words.join(one)),
]

/** The name of an identity, how it is written, and the names that a client may send for it. */
export const spellings = identities.flatMap((words) =>
  Object.entries(cases).map(([how, write]) => [words.join('-'), how, spellingsOf(words.map(write))] as const),
)
