import type { ModalView } from '@slack/types'
import { say } from '../../../foundation/words.ts'
import type { Holder } from '../../../keys/holders.ts'
import type { Key, KeyWithUsage } from '../../../keys/key.ts'
import type { OwnerContent } from '../../../keys/notify-owner.ts'
import { hintCharacters } from '../../../keys/typed-confirmation.ts'
import { isLost, type Receipt } from '../../../leases/receipt.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import type { Last24h } from '../../../usage/last-24h.ts'
import { actions, form, go, input, type Message, message, notice, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { hintInBrackets, keyFacts } from './key.ts'

/** The key's current use and holders, read when the dialog opens. */
export type AtStake = { last24h: Last24h; holders: readonly Holder[] }

const facts = (key: KeyWithUsage, { last24h, holders }: AtStake) =>
  keyFacts(key, last24h, holders).map(sentenceBlock)

/** The confirmation of a pause, with the key's current use. */
export const deactivateView = (key: KeyWithUsage, atStake: AtStake): ModalView =>
  form(
    'Deactivate key',
    'Deactivate key',
    'key.deactivate',
    ref(key.workspaceId, key.id),
    [
      ...facts(key, atStake),
      sentenceBlock(
        say`Requests with it are refused at once${breaks(key, atStake.last24h)}. Resume at any time.`,
      ),
    ],
    'Keep key',
  )

/** The confirmation of a revocation, with the key's current use and a field for its name. */
export const revokeView = (key: KeyWithUsage, atStake: AtStake): ModalView =>
  form(
    'Revoke key',
    'Revoke key',
    'key.revoke',
    ref(key.workspaceId, key.id),
    [
      ...facts(key, atStake),
      sentenceBlock(
        say`Requests with it are refused at once${breaks(key, atStake.last24h)}. This cannot be undone.`,
      ),
      input(
        'confirm',
        'Type the name of the key to revoke it',
        textInput({ focus_on_load: true }),
        key.hint ? { hint: `Or the four characters ${hintCharacters(key)}.` } : {},
      ),
      ...(key.status === 'active' ? [actions(go('Deactivate instead', 'deactivate', key))] : []),
    ],
    'Keep key',
  )

/** The effect on the requests that the facts have counted. */
const breaks = (key: KeyWithUsage, { requests }: Last24h): string =>
  requests > 0 && key.status === 'active' ? ', so the programs that send them will start failing' : ''

const done = {
  deactivate: (key: Key) => say`Deactivated ${{ name: key.name }}.`,
  revoke: (key: Key) => say`Revoked ${{ name: key.name }}.`,
}
export type Change = keyof typeof done | 'activate'

const underWay = {
  deactivate: (key: Key) => say`Deactivating ${{ name: key.name }}.`,
  revoke: (key: Key) => say`Revoking ${{ name: key.name }}.`,
}

/** When a key that was activated works: not before its workspace is resumed, where that is suspended. */
export type Activated = 'now' | 'soon' | 'when-resumed'

const works: Record<Activated, string> = {
  now: 'It works again.',
  soon: 'Some servers may still refuse it for a moment.',
  'when-resumed': 'It works once the workspace is resumed.',
}

export const activatedMessage = (key: Key, when: Activated): Message =>
  message(say`Activated ${{ name: key.name }}. ${works[when]}`)

const asked = { deactivate: 'Deactivate key', revoke: 'Revoke key' }
const titles = { deactivate: 'Key deactivated', revoke: 'Key revoked' }

/** The result of a restriction, with its receipt. "Revoked" appears only once the receipt confirms it. */
export function restrictedView(change: Restriction, key: Key, receipt: Receipt): ModalView {
  if (isLost(receipt)) return notice(asked[change], [sentenceBlock(receiptPhrase(receipt))])
  const isDone = receipt.state === 'confirmed'
  return notice(isDone ? titles[change] : working[change], [
    sentenceBlock(say`${(isDone ? done : underWay)[change](key)} ${receiptPhrase(receipt)}`),
    ...(change === 'deactivate' ? [actions(activateAgain(key))] : []),
  ])
}

/** A button that ends the pause that has just begun, and no later one. */
export const activateAgain = (key: Key) =>
  go('Activate', 'activate', key, { more: key.statusChangedAt.toISOString() })

export type Restriction = keyof typeof working
const working = { deactivate: 'Deactivating key', revoke: 'Revoking key' }

/** Notifies the owner of another person's change, or of a key that is theirs now. */
export function ownerNoticeMessage({ what, by, ...key }: OwnerContent & { about: 'key-changed' }): Message {
  const named = say`${{ name: key.name }} ${hintInBrackets(key)}`
  return what === 'given'
    ? message(say`${{ user: by }} made you the owner of ${named}; you get a message when it needs something.`)
    : message(say`${{ user: by }} ${what}d your key ${named}.`)
}
