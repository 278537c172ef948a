import type { KnownBlock, ModalView } from '@slack/types'
import { type Phrase, say } from '../../../foundation/words.ts'
import type { Key } from '../../../keys/key.ts'
import type { Token } from '../../../keys/token.ts'
import { actions, button, go, type Message, message, notice, plainSection, plainText } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { hintInBrackets, hintOf } from './key.ts'

const title = 'Copy your key'

/**
 * The one place that opens a token. `former` is the hint of the token that it replaces. The view has no submit button
 * and no input, since Slack sends the whole view back when one is submitted.
 */
export function showOnceView(key: Key, token: Token, former?: string): ModalView {
  const reference = tokenRef(key)
  const saved = { style: 'primary', label: `I have saved ${key.name}` } as const
  return {
    ...notice(title, [
      plainSection('⚠️ Shown once. Save it in your secrets manager now.'),
      {
        type: 'rich_text',
        elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: token.open() }] }],
      },
      hint,
      sentenceBlock(lifetime(key)),
      ...(former ? [sentenceBlock(say`It replaces ${{ code: former }}.`)] : []),
      actions(button('I have saved it', 'key.saved', reference, saved)),
    ]),
    callback_id: 'key.shown',
    private_metadata: reference,
    notify_on_close: true,
  }
}

const hint: KnownBlock = {
  type: 'context',
  elements: [plainText('Triple-click to select; on a phone, press and hold.')],
}

function lifetime(key: Key): Phrase {
  const end = key.expiresAt ? say`Expires ${{ moment: key.expiresAt }}.` : say`It does not expire.`
  return say`Scopes: ${key.scopes.join(', ')}. ${end}`
}

/** Replaces the dialog's content once the token is saved. */
export const savedView = (key: Key): ModalView =>
  notice('Key created', [
    sentenceBlock(say`${{ name: key.name }} is ready. Lists show it as ${hintOf(key)} from now on.`),
  ])

/** Replaces the token, for the person who saw the current one. */
export const replaceButton = (key: Key) =>
  button('Replace key', 'key.replace', tokenRef(key), { label: `Replace ${key.name}` })

/** Names a key and its token: a click about one token must not affect another. */
const tokenRef = ({ workspaceId, id, hint }: Key) => ref(workspaceId, `${id} ${hint ?? ''}`)

const waysOn = (key: Key) => actions(replaceButton(key), go('Show key', 'show', key))

const record = (key: Key): Phrase =>
  say`${{ name: key.name }} ${hintInBrackets(key)} is yours. ${lifetime(key)} The key was shown once and is not stored.`

/** The record for the person who saw the key, without the token. */
export const shownMessage = (key: Key): Message =>
  message(
    say`${record(key)} If you did not save it, replace it within 24 hours, before first use.`,
    waysOn(key),
  )

export const didYouCopyMessage = (key: Key): Message =>
  message(say`Did you copy ${{ name: key.name }} ${hintOf(key)}? I cannot show it again.`, waysOn(key))

/** The record once the person has saved the key: it has no buttons. */
export const keptMessage = (key: Key): Message =>
  message(
    say`${record(key)} You saved it on ${{ moment: key.savedAt! }}.`,
    actions(go('Show key', 'show', key)),
  )

/** The record of a replaced token, with the time if it is known. */
export const formerMessage = (key: Key, hint: string, at: Date | undefined): Message =>
  message(
    say`${{ name: key.name }} ${{ code: hint }} was replaced${at ? say` on ${{ moment: at }}` : ''}: use the key that took its place.`,
    actions(go('Show key', 'show', key)),
  )
