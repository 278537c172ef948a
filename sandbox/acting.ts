import type { KnownBlock } from '@slack/types'
import type { Message, ModalView, Submitted } from 'local-slack/contract'
import { controlsIn, findButton, messagesIn, textOf, textOfMessage, topModal } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'

/** The people of the local Slack by the part they play in the tests. */
export const people = {
  owner: 'U0ADA00001',
  manager: 'U0BRUNO002',
  otherManager: 'U0CHIDI003',
  member: 'U0DANA0004',
  otherMember: 'U0EMRE0005',
  guest: 'U0HANA0008',
  stranger: 'U0IVO00009',
} as const

export const general = 'C0GENERAL1'
export const security = 'C0SECURITY'

/** Types `/keys ...` in #general and waits for the dialog that opens, once it is filled. */
export async function openDialog(who: PersonClient, text: string): Promise<ModalView> {
  const before = topModal(await who.screen())?.id
  await expectOk(who.command({ channel: general, text: `/keys ${text}` }))
  return who.waitFor((screen) => {
    const top = topModal(screen)
    return top?.id !== before && filled(top)
  })
}

/** Types `/keys ...` in #general and waits for the answer that only this person sees. */
export async function answerTo(who: PersonClient, text: string): Promise<Message> {
  // Not by their number: a screen shows the newest of a channel alone.
  const before = new Set(messagesIn(await who.screen(), general).map(({ ts }) => ts))
  await expectOk(who.command({ channel: general, text: `/keys ${text}` }))
  return who.waitFor((screen) => messagesIn(screen, general).find(({ ts }) => !before.has(ts)))
}

const filled = (view: ModalView | undefined): ModalView | undefined =>
  view && !/One moment\.\.\.|\w+ing\.\.\.|Saved\. Waiting for/.test(textOf(view.blocks)) ? view : undefined

/** Submits and waits for what the dialog becomes once the work is done and, where it has one, its receipt is there. */
export async function submitAndSee(
  who: PersonClient,
  view: ModalView,
  values: Record<string, string | string[] | null>,
): Promise<ModalView> {
  const submitted = await submit(who, view, values)
  if (!submitted.ok || submitted.outcome !== 'updated')
    throw new Error(`the dialog was not worked on: ${JSON.stringify(submitted)}`)
  return who.waitFor((screen) => {
    const top = filled(topModal(screen))
    return top && textOf(top.blocks) !== textOf(view.blocks) && top
  })
}

/** Submits with a value per field, by the name of the field's block. */
export function submit(
  who: PersonClient,
  view: ModalView,
  values: Record<string, string | string[] | null>,
): Promise<Submitted> {
  return who.submit({ view: view.id, values: { ...view.values, ...typed(view, values) } })
}

/** Chooses or types in a field that redraws its dialog, and waits for the new look. */
export async function choose(
  who: PersonClient,
  view: ModalView,
  field: string,
  value: string | string[],
  also: Record<string, string | string[] | null> = {},
): Promise<ModalView> {
  const values = { ...view.values, ...typed(view, { ...also, [field]: value }) }
  const actionId = actionOf(view, field)
  await expectOk(who.click({ at: { view: view.id }, blockId: field, actionId, value, values }))
  return who.waitFor((screen) => {
    const top = topModal(screen)
    return top && top.hash !== view.hash && top
  })
}

const typed = (view: ModalView, values: Record<string, string | string[] | null>) =>
  Object.fromEntries(
    Object.entries(values).map(([field, value]) => [field, { [actionOf(view, field)]: value }] as const),
  )

const actionOf = (view: ModalView, field: string): string =>
  controlsIn(view.blocks).find((control) => control.blockId === field)?.actionId ?? field

/** Presses a button of a message by its words. */
export async function press(
  who: PersonClient,
  message: Pick<Message, 'channel' | 'ts' | 'blocks'>,
  label: string,
): Promise<void> {
  // The message may have been edited since it was read: people press what they see now.
  const now = messagesIn(await who.screen(), message.channel).find(({ ts }) => ts === message.ts)
  const button = findButton(now?.blocks ?? [], label) ?? findButton(message.blocks, label)
  if (!button) throw new Error(`no button "${label}" in: ${textOf(message.blocks)}`)
  const at = { message: { channel: message.channel, ts: message.ts } }
  await expectOk(who.click({ at, ...button }))
}

/** Presses a button of a dialog by its words. */
export async function pressIn(who: PersonClient, view: ModalView, label: string): Promise<void> {
  const button = findButton(view.blocks, label)
  if (!button) throw new Error(`no button "${label}" in: ${textOf(view.blocks)}`)
  await expectOk(who.click({ at: { view: view.id }, ...button }))
}

/** The text of blocks or of a message, as one line without the marks that isolate names. */
export function said(what: KnownBlock[] | Message): string {
  const text = Array.isArray(what) ? textOf(what) : textOfMessage(what)
  return text
    .replace(/[\u2068\u2069]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ([.,:!])/g, '$1')
}

/** The token that a show-once dialog holds. */
export function tokenIn(blocks: KnownBlock[]): string {
  const token = /tml_[0-9A-Za-z]{38}/.exec(textOf(blocks))?.[0]
  if (!token) throw new Error(`no token in: ${textOf(blocks)}`)
  return token
}

/** Makes a key as that person would, and returns its token. */
export async function makeKey(
  who: PersonClient,
  values: { name: string; scopes?: string[]; expires?: string; integration?: string; description?: string },
): Promise<string> {
  const shown = await fillAndCreate(who, await openDialog(who, 'create'), values)
  const token = tokenIn(shown.blocks)
  await pressIn(who, shown, 'I have saved it')
  const saved = await who.waitFor((screen) => topModal(screen)?.title === 'Key created' && topModal(screen))
  await who.close(saved.id)
  return token
}

/** Fills the form that makes a key, any number of days included, and submits it. */
export async function fillAndCreate(
  who: PersonClient,
  form: ModalView,
  values: { name: string; scopes?: string[]; expires?: string; integration?: string; description?: string },
): Promise<ModalView> {
  const { scopes = ['read'], expires = '90', ...words } = values
  if (['30', '90', '180', '365', 'never'].includes(expires))
    return submitAndSee(who, form, { ...words, scopes, expires })
  const other = await choose(who, form, 'expires', 'other', { ...words, scopes })
  return submitAndSee(who, other, { ...words, scopes, expires: 'other', days: expires })
}

async function expectOk(act: Promise<{ ok: boolean; error?: string }>): Promise<void> {
  const done = await act
  if (!done.ok) throw new Error(`Slack shows: ${done.error}`)
}
