import { z } from 'zod'
import { makeStorable } from '../foundation/storable.ts'

/**
 * Reads a signed body as what it is: Slack's JSON begins with a brace, and its forms do not. The content type is not
 * signed, so it has to say the same. Undefined for anything else, and for a body without what Bolt reads of it before
 * anything of ours runs: a field of another kind would end in an error that nobody can act on.
 */
export function readSignedBody(raw: Buffer, contentType: unknown): Record<string, unknown> | undefined {
  const text = raw.toString('utf8')
  const type = String(contentType ?? '')
    .split(';')[0]!
    .trim()
    .toLowerCase()
  const wanted = text.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded'
  if (type !== wanted) return undefined
  try {
    const body = wanted === 'application/json' ? JSON.parse(text) : readForm(text)
    return hasForm(body) && makeStorable(body) ? body : undefined
  } catch {
    return undefined
  }
}

function readForm(text: string): Record<string, unknown> {
  const form: Record<string, string> = Object.fromEntries(new URLSearchParams(text))
  return form.payload ? JSON.parse(form.payload) : form
}

const named = z.looseObject({ id: z.string() })
const word = z.string().nullish()
const handshake = z.union([
  z.looseObject({ type: z.literal('url_verification'), challenge: z.string() }),
  z.looseObject({ ssl_check: z.string() }),
])
const event = z.looseObject({
  team_id: word,
  authorizations: z.array(z.looseObject({ team_id: word, enterprise_id: word })).nullish(),
  event: z.looseObject({
    type: z.string(),
    user: z.union([z.string(), named]).optional(),
    channel: z.union([z.string(), z.looseObject({})]).optional(),
    item: z.looseObject({}).optional(),
    subteam: z.looseObject({}).optional(),
  }),
})
const command = z.looseObject({ command: z.string(), user_id: z.string(), team_id: z.string() })
/** Clicks, dialogs, suggestions and shortcuts. `team` is null in an installation for a whole organisation. */
const interaction = z.looseObject({
  type: z.string(),
  user: named,
  team: named.nullish(),
  enterprise: named.nullish(),
  channel: named.optional(),
  actions: z.array(z.looseObject({})).min(1).optional(),
})
const dialog = interaction.extend({ view: z.looseObject({}), channel: z.unknown().optional() })

function hasForm(body: Record<string, unknown>): boolean {
  if (body.event !== undefined) return event.safeParse(body).success
  if (body.command !== undefined) return command.safeParse(body).success
  if (body.type === 'view_submission' || body.type === 'view_closed') return dialog.safeParse(body).success
  return handshake.safeParse(body).success || interaction.safeParse(body).success
}
