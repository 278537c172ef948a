import type { ModalView } from '@slack/types'
import { type Phrase, say } from '../../../foundation/words.ts'
import type { Rival } from '../../../workspaces/request-source.ts'
import type { KeyRequest } from '../../../workspaces/requests.ts'
import { actions, button, form, input, type Message, message, notice, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from './key.ts'

function wanted({ draft }: KeyRequest): Phrase {
  const until = draft.lifetimeDays ? say`for ${count(draft.lifetimeDays, 'day')}` : say`without expiry`
  const integration = draft.integration ? say` for ${{ name: draft.integration }}` : ''
  return say`${{ name: draft.name }}${integration}: ${draft.scopes.join(', ')}, ${until}`
}

/** The request in the alert channel, with buttons while it waits for a decision. */
export function requestMessage(request: KeyRequest, rival?: Rival | null): Message {
  const reference = ref(request.workspaceId, request.id)
  const asked = say`${{ user: request.requestedBy }} asks for a key. ${wanted(request)}.`
  const reason = sentenceBlock(say`Reason: ${request.reason}`)
  if (request.state !== 'waiting') return message(asked, reason, sentenceBlock(decision(request)))
  return message(
    asked,
    reason,
    ...(rival
      ? [sentenceBlock(say`${{ name: rival.integration }} has a key already: ${{ name: rival.name }}.`)]
      : []),
    actions(
      button('Approve', 'request.approve', reference, {
        style: 'primary',
        label: `Approve ${request.draft.name}`,
      }),
      button('Deny', 'request.deny', reference, { label: `Deny ${request.draft.name}` }),
    ),
  )
}

function decision(request: KeyRequest): Phrase {
  if (request.state === 'closed')
    return say`Closed on ${{ moment: request.decidedAt! }}: ${{ user: request.closedFor! }} is leaving.`
  const by = { user: request.decidedBy! }
  const at = { moment: request.decidedAt! }
  if (request.state === 'approved') return say`Approved by ${by} on ${at}.`
  return say`Denied by ${by} on ${at}: ${{ name: request.decisionReason ?? '' }}`
}

/** Notifies the requester that the request was denied. */
export const deniedMessage = (request: KeyRequest): Message =>
  message(
    say`${{ user: request.decidedBy! }} denied your request for ${{ name: request.draft.name }}: ${{ name: request.decisionReason ?? '' }}`,
  )

/** Notifies the requester that the key's intended owner is leaving. */
export const closedMessage = (request: KeyRequest): Message =>
  message(
    say`Your request for ${{ name: request.draft.name }} is closed: ${{ user: request.closedFor! }}, who was to have the key, is leaving. Ask again for another owner.`,
  )

const getsIt = ({ requestedBy, draft: { ownerId } }: KeyRequest): Phrase =>
  ownerId === requestedBy ? ['you get'] : say`${{ user: ownerId }} gets`

export const sentView = (request: KeyRequest): ModalView =>
  notice('Request sent', [
    sentenceBlock(
      say`I am asking the managers about ${{ name: request.draft.name }}. It waits on their Home too. When somebody approves it, ${getsIt(request)} a message that reveals the key.`,
    ),
  ])

export const denyForm = (request: KeyRequest): ModalView =>
  form('Deny request', 'Deny request', 'request.deny', ref(request.workspaceId, request.id), [
    sentenceBlock(say`${{ user: request.requestedBy }} asks for ${wanted(request)}.`),
    input('reason', 'Reason', textInput({ multiline: true, focus_on_load: true }), {
      hint: 'The person who asked reads this.',
    }),
  ])

export const deniedView = (request: KeyRequest): ModalView =>
  notice('Request denied', [
    sentenceBlock(say`${{ user: request.requestedBy }} gets a message with your reason.`),
  ])
