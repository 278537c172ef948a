import { WebClient } from '@slack/web-api'
import type { Message, ModalView, Screen } from 'local-slack/contract'
import { controlsIn, findBeside, messagesIn, optionValue, textOf, topModal } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'
import { said, submit } from '../../sandbox/acting.ts'
import type { House } from '../../sandbox/house.ts'

/** What the bot wrote to this person alone, oldest first. */
export const directMessages = (screen: Screen): Message[] =>
  screen.channels.filter((one) => one.kind === 'dm').flatMap((one) => messagesIn(screen, one.id))

/** The newest direct message that says this, once it is there. */
export const received = (who: PersonClient, words: string | RegExp): Promise<Message> =>
  who.waitFor((screen) => directMessages(screen).findLast((message) => matches(said(message), words)))

/**
 * The same buttons as they were, where somebody still sees them so: another window, or an edit that did not arrive.
 * With `value`, as they were before they said as much as now.
 */
export async function oldCopy(
  { slack }: House,
  { channel, blocks }: Pick<Message, 'channel' | 'blocks'>,
  value?: string,
): Promise<Pick<Message, 'channel' | 'ts' | 'blocks'>> {
  const buttons = blocks.filter((block) => block.type === 'actions')
  const old: Message['blocks'] = JSON.parse(JSON.stringify(buttons), (key, one) =>
    key === 'value' && value ? value : one,
  )
  const web = new WebClient(slack.botToken, { slackApiUrl: slack.apiUrl })
  const posted = await web.chat.postMessage({ channel, text: 'as it was', blocks: old })
  return { channel: posted.channel!, ts: posted.ts!, blocks: old }
}

/** The dialog in front of this person once its title and words are these. */
export const dialogWith = (
  who: PersonClient,
  title: string,
  words: string | RegExp = '',
): Promise<ModalView> =>
  who.waitFor((screen) => {
    const top = topModal(screen)
    return top?.title === title && !isLoading(top) && matches(said(top.blocks), words) && top
  })

/** Answers the dialog that an Undo or Not so has opened, which says what comes back. Returns both dialogs. */
export async function undoNow(
  who: PersonClient,
  words: string | RegExp = '',
): Promise<{ asked: ModalView; undone: ModalView }> {
  const asked = await dialogWith(who, 'Undo offboarding', words)
  await submit(who, asked, {})
  return { asked, undone: await dialogWith(who, 'Offboarding undone') }
}

const isLoading = (view: ModalView) => /One moment\.\.\./.test(textOf(view.blocks))

const matches = (text: string, words: string | RegExp) =>
  typeof words === 'string' ? text.includes(words) : words.test(text)

/** Opens the menu of a key in a list or on Home, and takes the entry that reads so. */
export async function chooseFromMenu(
  who: PersonClient,
  place: Pick<Message, 'channel' | 'ts' | 'blocks'> | { view: string; blocks: Message['blocks'] },
  key: string,
  entry: string,
): Promise<void> {
  const menu = findBeside(place.blocks, key)
  const value = menu && optionValue(place.blocks, menu, entry)
  if (!menu || !value) throw new Error(`${key} has no menu entry ${entry}`)
  const at = 'view' in place ? { view: place.view } : { message: { channel: place.channel, ts: place.ts } }
  const done = await who.click({ at, blockId: menu.blockId, actionId: menu.actionId, value })
  if (!done.ok) throw new Error(`Slack shows: ${done.error}`)
}

/** The words of the menu of a key. */
export function menuOf(blocks: Message['blocks'], key: string): string[] {
  const section = blocks.find((block) => block.type === 'section' && textOf([block]).includes(key))
  const accessory = section && 'accessory' in section ? section.accessory : undefined
  return accessory && 'options' in accessory
    ? (accessory.options ?? []).map((option) => option.text.text)
    : []
}

/** Chooses in a select of a message, by the words of the option. */
export async function pick(who: PersonClient, view: ModalView, words: string): Promise<void> {
  for (const control of controlsIn(view.blocks)) {
    const value = optionValue(view.blocks, control, words)
    if (value) return void (await who.click({ at: { view: view.id }, ...control, value }))
  }
  throw new Error(`nothing to choose reads ${words}`)
}

/** Home as this person sees it, once its words are these. */
export const homeWith = (who: PersonClient, words: string | RegExp) =>
  who.waitFor(({ home }) => home && matches(said(home.blocks), words) && home)

export type Recorded = {
  seq: number
  event: string
  actor: string
  keyId: string | null
  details: Record<string, unknown>
}

/** The audit's events, oldest first; those about the key of that name where one is given. */
export async function recorded({ world }: House, event?: string, keyName?: string): Promise<Recorded[]> {
  const rows = await world
    .db('audit_events')
    .leftJoin('keys', 'keys.id', 'audit_events.key_id')
    .modify((query) => {
      if (event) query.where('event', event)
      if (keyName) query.where('keys.name', keyName)
    })
    .orderBy('audit_events.seq')
    .select('audit_events.seq', 'event', 'actor_id', 'key_id', 'body')
  return rows.map((row: Record<string, never>) => ({
    seq: row.seq!,
    event: row.event!,
    actor: row.actor_id!,
    keyId: row.key_id ?? null,
    details: JSON.parse(row.body!).details ?? {},
  }))
}

/** Sets rules of the first workspace, as a test's beginning. */
export async function setPolicyOf({ world }: House, policy: Record<string, unknown>): Promise<void> {
  await world.db.raw(
    `update workspaces set policy = policy || ?::jsonb
     where id = (select id from workspaces order by created_at limit 1)`,
    [JSON.stringify(policy)],
  )
}
