import type { Button, ModalView } from '@slack/types'
import { type Phrase, type Piece, say } from '../../../foundation/words.ts'
import { lapsesAt, requestDays } from '../../../workspaces/request-ends.ts'
import type { Rival } from '../../../workspaces/request-source.ts'
import type { Grant, KeyRequest } from '../../../workspaces/requests.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import {
  actions,
  button,
  form,
  input,
  type Message,
  message,
  notice,
  option,
  textInput,
} from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { called } from '../alerts/words.ts'
import { count } from './key.ts'

const forHowLong = (days: number | null): string => (days ? count(days, 'day') : 'without expiry')

const rights = ({ scopes, lifetimeDays }: Grant): string =>
  `${scopes.join(', ')}, ${forHowLong(lifetimeDays)}`

function wanted({ draft }: KeyRequest): Phrase {
  const integration = draft.integration ? say` for ${{ name: draft.integration }}` : ''
  return say`${{ name: draft.name }}${integration}: ${rights(draft)}`
}

/** A request and its reason, as an approver reads it; until when it waits, while it does. */
export function requestPhrase(request: KeyRequest): Phrase {
  const asked = say`${{ user: request.requestedBy }} requests a key for ${wanted(request)}. Reason: “${{ name: request.reason }}”`
  return request.state === 'waiting'
    ? say`${asked}\nAsked on ${{ day: request.requestedAt }}; lapses on ${{ day: lapsesAt(request) }}.`
    : asked
}

/** A request of one's own, as its requester reads it. */
export const ownRequestPhrase = (request: KeyRequest): Phrase =>
  say`You asked for ${wanted(request)}, on ${{ day: request.requestedAt }}. ${outcome(request)}`

/** The ways to decide a request. */
export function decisionButtons({ id, workspaceId, draft }: KeyRequest): Button[] {
  const act = (text: string, verb: string, style?: 'primary') =>
    button(text, `request.${verb}.${id}`, ref(workspaceId, id), {
      label: `${text}: ${draft.name}`,
      ...(style ? { style } : {}),
    })
  return [act('Approve', 'approve', 'primary'), act('Approve less', 'narrow'), act('Deny', 'deny')]
}

/** Takes back a request of one's own. */
export const withdrawButton = ({ id, workspaceId, draft }: KeyRequest): Button =>
  button('Withdraw', `request.withdraw.${id}`, ref(workspaceId, id), { label: `Withdraw ${draft.name}` })

/** The request in the alert channel, with buttons while it waits for a decision. */
export function requestMessage(request: KeyRequest, rival?: Rival | null): Message {
  if (request.state !== 'waiting') return message(requestPhrase(request), sentenceBlock(outcome(request)))
  return message(
    requestPhrase(request),
    ...(rival
      ? [sentenceBlock(say`${{ name: rival.integration }} has a key already: ${{ name: rival.name }}.`)]
      : []),
    actions(...decisionButtons(request)),
  )
}

/** Reminds those who decide, below the request. */
export const waitsMessage = (request: KeyRequest, days: number, mentions: readonly string[]): Message =>
  message(
    say`${called(mentions)}${{ name: request.draft.name }} has waited ${count(days, 'day')} for a decision. ${{ user: request.requestedBy }} asked for it; the request lapses on ${{ day: lapsesAt(request) }}.`,
  )

/** The outcome of a request. */
function outcome(request: KeyRequest): Phrase {
  const { state, decidedBy, decidedAt, closedFor, decisionReason, granted } = request
  const on = { moment: decidedAt! }
  const by = { user: decidedBy! }
  switch (state) {
    case 'waiting':
      return say`Waiting for a manager or owner to decide; lapses on ${{ day: lapsesAt(request) }}.`
    case 'closed':
      return say`Closed on ${on}: ${{ user: closedFor! }} is leaving.`
    case 'withdrawn':
      return say`Withdrawn by ${by} on ${on}.`
    case 'lapsed':
      return say`Lapsed on ${on}: nobody decided.`
    case 'denied':
      return say`Denied by ${by} on ${on}: “${{ name: decisionReason ?? '' }}”`
    case 'approved':
      return granted
        ? say`Approved by ${by} on ${on} with less than was asked: ${rights(granted)}.`
        : say`Approved by ${by} on ${on}.`
  }
}

/** Notifies the requester of the outcome of a request, where no key comes of it or another one than they asked for. */
export function answerMessage(request: KeyRequest): Message {
  const { state, draft, decidedBy, decisionReason, closedFor, granted } = request
  const name = { name: draft.name }
  if (state === 'lapsed')
    return message(
      say`Your request for ${name} lapsed: nobody decided within ${requestDays} days. Ask again if you still need the key: ${{ code: '/keys request' }}.`,
    )
  if (state === 'closed')
    return message(
      say`Your request for ${name} is closed: ${{ user: closedFor! }}, who was to have the key, is leaving. Ask again for another owner.`,
    )
  if (state === 'approved' && granted)
    return message(
      say`${{ user: decidedBy! }} approved ${name} with less than you asked for: ${rights(granted)}. You asked for ${rights(draft)}.`,
    )
  return message(
    say`${{ user: decidedBy! }} denied your request for ${name}: “${{ name: decisionReason ?? '' }}”`,
  )
}

/** A person's requests, with what became of each. */
export function myRequestsMessage(
  requests: readonly KeyRequest[],
  workspace: Workspace,
  more: boolean,
): Message {
  const again = button('Request a key', 'go.request.requests', ref(workspace.id, 'request'))
  if (requests.length === 0)
    return message(say`You have asked for no key in ${{ name: workspace.name }}.`, actions(again))
  return message(
    say`Your requests in ${{ name: workspace.name }}${more ? ', the newest' : ''}`,
    ...requests.flatMap((request) => [
      sentenceBlock(say`${wanted(request)}, asked on ${{ day: request.requestedAt }}. ${outcome(request)}`),
      ...(request.state === 'waiting' ? [actions(withdrawButton(request))] : []),
    ]),
    actions(again),
  )
}

export const withdrawnMessage = ({ draft }: KeyRequest): Message =>
  message(say`You withdrew your request for ${{ name: draft.name }}.`)

const toWhom = ({ requestedBy, draft: { ownerId } }: KeyRequest): Piece =>
  ownerId === requestedBy ? 'you' : { user: ownerId }

export const sentView = (request: KeyRequest): ModalView =>
  notice('Request sent', [
    sentenceBlock(
      say`I am asking the managers about ${{ name: request.draft.name }}. It is in their inbox too. Once approved, I’ll send ${toWhom(request)} a message to reveal the key. You can follow or withdraw it: ${{ code: '/keys requests' }}.`,
    ),
  ])

/** Approves with fewer scopes or a shorter life than was asked; more cannot be chosen here, and is refused by the act. */
export function narrowForm(request: KeyRequest): ModalView {
  const { draft } = request
  const options = draft.scopes.map((scope) => option(scope, scope))
  const days = draft.lifetimeDays
  return form('Approve less', 'Approve', 'request.narrow', ref(request.workspaceId, request.id), [
    sentenceBlock(say`${{ user: request.requestedBy }} asks for ${wanted(request)}.`),
    input('scopes', 'Scopes', { type: 'checkboxes', options, initial_options: options }),
    input('expires', 'Lifetime in days', textInput(days ? { initial_value: String(days) } : {}), {
      optional: days === null,
      hint: days
        ? `At most ${days}, as they asked.`
        : 'They asked for a key that never expires. Blank grants that.',
    }),
  ])
}

export const approvedView = (request: KeyRequest): ModalView =>
  notice('Request approved', [
    sentenceBlock(
      say`${{ user: request.draft.ownerId }} gets a message that reveals ${{ name: request.draft.name }}: ${rights(request.granted ?? request.draft)}.`,
    ),
  ])

export const denyForm = (request: KeyRequest): ModalView =>
  form('Deny request', 'Deny request', 'request.deny', ref(request.workspaceId, request.id), [
    sentenceBlock(say`${{ user: request.requestedBy }} requests a key for ${wanted(request)}.`),
    input('reason', 'Reason', textInput({ multiline: true, focus_on_load: true }), {
      hint: 'The requester sees this.',
    }),
  ])

export const deniedView = (request: KeyRequest): ModalView =>
  notice('Request denied', [sentenceBlock(say`${{ user: request.requestedBy }} will see your reason.`)])
