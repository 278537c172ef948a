import type { Fields } from './fields.ts'

/** An answer `{ok: false, error}` of the Web API, with the fields that Slack puts beside it. */
export class Refusal extends Error {
  readonly error: string
  readonly beside: Fields
  readonly status: number
  readonly headers: Record<string, string>

  constructor(error: string, beside: Fields = {}, status = 200, headers: Record<string, string> = {}) {
    super(error)
    this.error = error
    this.beside = beside
    this.status = status
    this.headers = headers
  }
}

/** Something that no person could do in Slack, such as clicking a button that is not there. */
export class Impossible extends Error {}

/** Validation problems as Slack reports them; `problems` read `sentence [json-pointer:/path]`. */
export function invalid(error: string, problems: string[]): Refusal {
  const messages = problems.map((problem) => `[ERROR] ${problem}`)
  const beside: Fields = { response_metadata: { messages } }
  if (error === 'invalid_blocks') beside.errors = problems
  return new Refusal(error, beside)
}
