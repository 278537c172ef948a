/**
 * Sentences with people, times and names in them, as data. Each surface renders them in its own safe way: Slack as
 * rich text (so that a name full of markup stays a name), the shell as plain text.
 */
export type Piece =
  | string
  /** a Slack user id */
  | { user: string }
  | { moment: Date }
  | { day: Date }
  /** a name that somebody gave: always data, never markup; `url`: an address that Slack gave */
  | { name: string; url?: string }
  | { code: string }

export type Phrase = readonly Piece[]

/** Builds a phrase: say`${{ name: key.name }} exists.` Plain strings and numbers are text, never markup. */
export function say(texts: TemplateStringsArray, ...values: (Piece | number | Phrase)[]): Phrase {
  const pieces: Piece[] = []
  texts.forEach((text, i) => {
    if (text) pieces.push(text)
    const value = values[i]
    if (value === undefined || value === '') return
    if (typeof value === 'number') pieces.push(value.toLocaleString('en-US'))
    else if (Array.isArray(value)) pieces.push(...value)
    else pieces.push(value as Piece)
  })
  return pieces
}

/** Joins phrases with a text between them. */
export const join = (phrases: readonly Phrase[], between: string): Phrase =>
  phrases.flatMap((phrase, i) => (i === 0 ? [...phrase] : [between, ...phrase]))

/** Joins phrases as a sentence lists them: "Ada, Bruno or Chidi". */
export const series = (phrases: readonly Phrase[], last: 'and' | 'or'): Phrase =>
  phrases.length < 2 ? join(phrases, '') : say`${join(phrases.slice(0, -1), ', ')} ${last} ${phrases.at(-1)!}`

/** An actor as a person reads it: a mention for a Slack user, words for a job or the shell. */
export function who(actorName: string): Piece {
  if (isSlackUser(actorName)) return { user: actorName }
  const [kind, id] = actorName.split(':')
  return kind === 'operator' ? `an operator (${id})` : 'Keywarden'
}

export const isSlackUser = (actorName: string): boolean => /^[UW][A-Z0-9]+$/.test(actorName)

/** The phrase as plain text, times in UTC: for logs, the shell and field errors. */
export const plain = (phrase: Phrase): string => phrase.map(plainPiece).join('')

function plainPiece(piece: Piece): string {
  if (typeof piece === 'string') return piece
  if ('user' in piece) return `@${piece.user}`
  if ('moment' in piece) return `${piece.moment.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  if ('day' in piece) return piece.day.toISOString().slice(0, 10)
  return 'name' in piece ? piece.name : piece.code
}
