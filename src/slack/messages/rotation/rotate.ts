import type { KnownBlock, ModalView } from '@slack/types'
import { dayMs } from '../../../foundation/time.ts'
import { type Phrase, say } from '../../../foundation/words.ts'
import type { Holder } from '../../../keys/holders.ts'
import { displayStatus, type Key, type KeyWithUsage, worksUntil } from '../../../keys/key.ts'
import { inheritedLifetime } from '../../../keys/lifetime.ts'
import { isLost, type Receipt } from '../../../leases/receipt.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import { type Reason, reasons } from '../../../rotation/rotation.ts'
import type { Started } from '../../../rotation/start.ts'
import type { Last24h } from '../../../usage/last-24h.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { actions, button, form, go, input, notice, option, select } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { scopeAdvice, scopesInput } from '../keys/create.ts'
import { type ExpiryProps, expiryInputs } from '../keys/expiry.ts'
import { count, hintInBrackets, hintOf, keyFacts, worksMeanwhile } from '../keys/key.ts'
import { revealButton } from '../keys/reveal.ts'
import { reasonWords } from './words.ts'

export type RotateProps = {
  key: KeyWithUsage
  workspace: Workspace
  now: Date
  reason: Reason
  last24h: Last24h
  holders: readonly Holder[]
  /** the scopes ticked so far; the key's own unless they change */
  chosen: readonly string[]
  /** the expiry chosen so far; absent when it does not change */
  expiry?: Pick<ExpiryProps, 'expires' | 'days' | 'until'>
}

/** The form of a rotation: the new key's name, scopes and expiry, and what happens to the old one. */
export function rotateForm(props: RotateProps): ModalView {
  const { key, reason } = props
  return form('Rotate key', 'Start rotation', 'key.rotate', ref(key.workspaceId, key.id), [
    ...keyFacts(key, props.last24h, props.holders).map(sentenceBlock),
    reasonInput('rotate', reason),
    sentenceBlock(whatHappens(props)),
    ...(reason === 'leaver' ? [takesOverInput] : []),
    ...(reason === 'scope-change' ? [scopesInput('rotate', key.scopes)] : []),
    ...(reason === 'scope-change' || props.expiry ? scopeAdvice(props.chosen, props.workspace.policy) : []),
    sentenceBlock(newKey(props)),
    ...expiry(props),
  ])
}

/** The reason, which decides the form's other fields. */
export const reasonInput = (formName: string, reason: Reason): KnownBlock =>
  input(
    'reason',
    'Why',
    select(
      reasons.map((one) => option(reasonWords[one].choice, one)),
      reason,
    ),
    { redraws: formName },
  )

const takesOverInput = input(
  'owner',
  'Who takes over',
  { type: 'users_select' },
  { hint: 'They reveal the new key. Not the person who is leaving.' },
)

function whatHappens({ key, reason, now, last24h: { requests }, workspace }: RotateProps): Phrase {
  const state = displayStatus(key, now)
  if (state === 'expired')
    return say`The old key has expired, so its requests are refused already. The new key keeps the name.`
  if (state === 'inactive')
    return say`The old key is paused, so its requests are refused already${reason === 'compromised' ? '; it is revoked the moment you press Start rotation' : ''}. The new key keeps the name.`
  if (reason === 'compromised')
    return say`⚠️ The old key is refused the moment you press Start rotation${requests > 0 ? say`: whatever made ${count(requests, 'request')} in the last 24 hours fails until it has the new one` : ''}. Then the new key is offered.`
  const ends = worksUntil(key)
  const dueAt = now.getTime() + workspace.policy.rotationDeadlineDays * dayMs
  const warning =
    ends && ends.getTime() <= dueAt
      ? say` ⚠️ The old key itself stops working on ${{ moment: ends }}. Anything still using it then will fail.`
      : []
  return say`The new key keeps the name. Both keys work until you finish; the alert channel shows what still uses the old one.${warning}`
}

function newKey({ key, reason, chosen, expiry: changed, workspace }: RotateProps): Phrase {
  const owner = reason === 'leaver' ? 'Whoever takes over' : { user: key.ownerId }
  const scopes =
    reason === 'scope-change' ? difference(key.scopes, chosen) : say`same scopes (${key.scopes.join(', ')})`
  const inherited = inheritedLifetime(key.lifetimeDays, chosen, workspace.policy)
  const why = inherited === key.lifetimeDays ? '' : ', the longest that policy allows'
  const lifetime = changed
    ? say`the expiry below`
    : inherited
      ? say`${count(inherited, 'day')} from its reveal${why}`
      : say`no expiry`
  return say`New key: ${{ name: key.name }}, ${scopes}, ${lifetime}. ${owner} reveals it.`
}

/** "read stays; write is added; agents goes". Pure. */
function difference(before: readonly string[], after: readonly string[]): Phrase {
  const parts = [
    [before.filter((scope) => after.includes(scope)), 'stays', 'stay'],
    [after.filter((scope) => !before.includes(scope)), 'is added', 'are added'],
    [before.filter((scope) => !after.includes(scope)), 'goes', 'go'],
  ] as const
  return [
    parts
      .filter(([scopes]) => scopes.length > 0)
      .map(([scopes, one, many]) => `${scopes.join(', ')} ${scopes.length === 1 ? one : many}`)
      .join('; '),
  ]
}

function expiry(props: RotateProps): KnownBlock[] {
  const { expiry: changed } = props
  if (!changed) return [actions(button('Change expiry', 'form.rotate.change', 'change'))]
  return expiryInputs('rotate', { ...props, ...changed })
}

/** The rotation has begun: the next step, and where its progress is posted. */
export const rotatedView = (
  { predecessor: old, successor }: Started,
  mine: boolean,
  channel: string,
  now: Date,
): ModalView =>
  notice('Rotation started', [
    sentenceBlock(
      mine
        ? say`The new key for ${{ name: successor.name }} is ready to reveal, here or in the message I sent you.`
        : say`${{ user: successor.ownerId }} has to reveal the new key for ${{ name: successor.name }}.`,
    ),
    sentenceBlock(
      say`The old key ${hintOf(old)} ${oldKey(old, now)}. ${{ name: `#${channel}` }} shows the requests of both, and when it is safe to finish.`,
    ),
    actions(...(mine ? [revealButton(successor)] : []), go('Show old key', 'show', old)),
  ])

function oldKey(old: Key, now: Date): Phrase {
  const state = displayStatus(old, now)
  if (state === 'active') return worksMeanwhile(worksUntil(old))
  return say`${state === 'expired' ? 'has expired' : 'is paused'}, so its requests are refused already`
}

/** Shows a compromised key's receipt first, then the new key. */
export function compromisedView(
  { predecessor: old, successor }: Started,
  mine: boolean,
  receipt: Receipt | undefined,
): ModalView {
  const isDone = receipt === undefined || receipt.state === 'confirmed'
  return notice(isDone ? 'Key revoked' : 'Revoking key', [
    sentenceBlock(
      receipt && isLost(receipt)
        ? receiptPhrase(receipt)
        : say`${isDone ? 'Revoked' : 'Revoking'} ${{ name: old.name }} ${hintInBrackets(old)}. ${receipt ? receiptPhrase(receipt) : ''}`,
    ),
    ...(isDone
      ? [
          sentenceBlock(
            mine
              ? say`Reveal the new key below. The alert channel shows what the old one did in its last 48 hours.`
              : say`${{ user: successor.ownerId }} has to reveal the new key. The alert channel shows what the old one did in its last 48 hours.`,
          ),
          ...(mine ? [actions(revealButton(successor))] : []),
        ]
      : []),
  ])
}
