import type { KnownBlock, ModalView } from '@slack/types'
import { isSlackUser, join, type Phrase, type Piece, say } from '../../../foundation/words.ts'
import { isLost, type Receipt } from '../../../leases/receipt.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import type { Mode, Plan, Reason } from '../../../offboarding/offboarding.ts'
import type { Preview, PreviewedKey } from '../../../offboarding/preview.ts'
import type { Undone } from '../../../offboarding/undo.ts'
import { inWorkspace, type Workspace } from '../../../workspaces/workspace.ts'
import { cut, form, input, notice, option, plainSection, plainText, select, textInput } from '../../blocks.ts'
import { isolate, mrkdwnDate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'

export type PreviewProps = Preview & { leaver: string; workspace: Workspace }

/** Each plan as its menu names it, in a word or two as Slack cuts what is longer, and what the open menu adds. */
export const planWords: Record<Plan, readonly [name: string, more?: string]> = {
  rotate: ['Rotate', 'The old key works a while longer'],
  deactivate: ['Deactivate', 'Can be undone'],
  revoke: ['Revoke', 'Cannot be undone'],
  'hand-over': ['Hand over', 'The new owner reveals it'],
  keep: ['Keep as it is'],
}

const reasonWords: Record<Reason, string> = {
  owned: 'owns it',
  revealed: 'revealed it',
  held: 'was given it',
  created: 'created it, never saw it',
}

/** How each mode is named in a sentence. */
export const modeWords: Record<Mode, string> = {
  'by-use': 'rotate busy keys, revoke quiet ones',
  revoke: 'revoke all',
  deactivate: 'deactivate all',
  rotate: 'rotate all',
}

/** Each key takes two blocks, and a dialog holds a hundred. */
const editableKeys = 45

/** The preview: the keys, why each is affected, and a plan for each that can be changed. */
export function previewForm(props: PreviewProps): ModalView {
  const { leaver, workspace, keys, newOwner } = props
  const rest = keys.length - editableKeys
  return form('Offboard', 'Offboard', 'offboard', ref(workspace.id, leaver), [
    sentenceBlock(summary(props)),
    ...inOneBlock(props.elsewhere.map((one) => ownPolicy(one, 'follow'))),
    ...inOneBlock(props.keepsRoleIn.map((name) => keepsRole({ user: leaver }, name))),
    ...keys.slice(0, editableKeys).flatMap((key) => keyRow(key, workspace)),
    ...(rest > 0 ? [modeInput(props.mode, rest)] : []),
    input(
      'successor',
      'Who takes over',
      { type: 'users_select' },
      {
        optional: true,
        hint: newOwner ? 'If blank, a manager takes over.' : 'There is no manager who could.',
      },
    ),
    input('note', 'Note', textInput({ max_length: 300 }), {
      optional: true,
      hint: 'Recorded in the audit log.',
    }),
  ])
}

/** Joins the sentences of all workspaces, since a dialog and a message hold a limited number of blocks. */
const inOneBlock = (sentences: readonly Phrase[]): KnownBlock[] =>
  sentences.length > 0 ? [sentenceBlock(join(sentences, ' '))] : []

function summary({ leaver, keys, elsewhere, running, endsRoleIn }: PreviewProps): Phrase {
  const busy = keys.filter((key) => key.busy).length
  const ending = endsRoleIn.map((name) => [{ name }])
  if (running && ending.length > 0)
    return say`${{ user: leaver }} is being offboarded already. Their role in ${join(ending, ', ')} ends too.`
  if (keys.length === 0 && elsewhere.length > 0)
    return say`${{ user: leaver }} has no key that is yours to decide about. Their Keywarden role will be removed.`
  if (keys.length === 0)
    return say`${{ user: leaver }} has no key. Their Keywarden role will be removed, and any key that they turn out to have is offboarded too.`
  return say`${{ user: leaver }} owns or has seen ${count(keys.length, 'key')}; ${busy === 0 ? 'none is' : busy === 1 ? '1 is' : `${busy} are`} in use. Their Keywarden role will be removed. The report follows in the alert channel.`
}

const maxName = 60

/** Counts the keys that the caller does not decide about, without naming them. */
export const ownPolicy = (
  { workspace, keys }: Preview['elsewhere'][number],
  verb: 'follow' | 'followed',
): Phrase => {
  const follows = verb === 'follow' && keys === 1 ? 'follows' : verb
  const name = cut(workspace, maxName)
  return say`${count(keys, 'key')} of ${{ name }} ${follows} ${{ name: `${name}’s` }} own policy.`
}

/** Says that a leaver keeps a role, and how another owner ends it. */
export const keepsRole = (leaver: Piece, workspace: string): Phrase =>
  say`${leaver} keeps their role in ${{ name: cut(workspace, maxName) }}. Another owner there ends it: ${{ code: `/keys offboard @user ${inWorkspace(workspace)}` }}.`

/** A key's rows. Its integration was typed by people; the rest is ours. */
function keyRow(key: PreviewedKey, here: Workspace): KnownBlock[] {
  const used = key.lastUsedAt ? `last used ${mrkdwnDate(key.lastUsedAt)}` : 'never used'
  const why = key.reasons.filter((reason) => reason !== 'created' || key.reasons.length === 1)
  return [
    plainSection(`${isolate(key.name)}  ${key.hint ?? 'not revealed yet'}`, {
      block_id: key.id,
      accessory: {
        ...select(key.choices.map(planOption), key.plan),
        action_id: 'plan',
      },
    }),
    {
      type: 'context',
      elements: [
        ...(serves(key, here) ? [plainText(isolate(cut(serves(key, here), 300)))] : []),
        {
          type: 'mrkdwn',
          text: `${why.map((reason) => reasonWords[reason]).join(', ')} · ${key.scopes.join(', ')} · ${count(key.requestsLast24h, 'request')} in 24 h · ${used}`,
        },
      ],
    },
  ]
}

function planOption(plan: Plan) {
  const [name, more] = planWords[plan]
  return option(name, plan, more)
}

const serves = (
  { workspace, integration, description, workspaceId }: PreviewedKey,
  here: Workspace,
): string => [workspaceId === here.id ? '' : workspace, integration, description].filter(Boolean).join(' · ')

/** The preview lists the busiest keys first, so the others are the least busy ones. */
const modeInput = (mode: Mode, keys: number): KnownBlock =>
  input(
    'mode',
    `What happens to the other ${count(keys, 'key')}`,
    select(
      (Object.keys(modeWords) as Mode[]).map((one) => option(modeWords[one], one)),
      mode,
    ),
  )

/** `overtakenBy`: whose request came first, and by whose choices it goes. */
export const begunView = (leaver: string, keys: number, channel: string, overtakenBy?: string): ModalView =>
  notice('Offboarding', [
    sentenceBlock(
      say`Offboarding ${{ user: leaver }}: ${count(keys, 'key')}. Follow it in ${{ name: `#${channel}` }}.`,
    ),
    ...(overtakenBy === undefined ? [] : [sentenceBlock(overtaken(overtakenBy))]),
  ])

const overtaken = (by: string): Phrase =>
  isSlackUser(by)
    ? say`⚠️ ${{ user: by }} requested it before you did, and it goes by what they chose. Your choices are not used.`
    : say`⚠️ Another system requested it before you did, and it goes by the policy. Your choices are not used.`

/** The confirmation of an undo: says what it would give back. */
export const undoForm = (workspace: Workspace, undone: Undone): ModalView =>
  form(
    'Undo offboarding',
    'Undo offboarding',
    'offboard.undo',
    ref(workspace.id, undone.offboarding.id),
    [
      sentenceBlock(say`${person(undone)} will be let into Keywarden again. As things are now:`),
      ...givenBack(undone, {
        ...{ activated: 'Will work again', returned: 'Will be theirs again' },
        ...{ rotating: 'Will go on rotating', working: 'Works already', kept: 'Stays refused' },
      }),
    ],
    'Leave it',
  )

/** The result of an undo. Which keys work again everywhere only its receipt says. */
export function undoneView(undone: Undone, receipt: Receipt): ModalView {
  if (isLost(receipt)) return notice('Undo offboarding', [sentenceBlock(receiptPhrase(receipt))])
  const isWaiting = receipt.state !== 'confirmed' && undone.activated.length > 0
  return notice('Offboarding undone', [
    sentenceBlock(say`${person(undone)} may use Keywarden again.`),
    ...givenBack(undone, {
      ...{ activated: 'Active again', returned: 'Theirs again' },
      ...{ rotating: 'Goes on rotating', working: 'Works already', kept: 'Cannot be taken back' },
    }),
    ...(isWaiting
      ? [sentenceBlock(say`For a moment some servers may still refuse the keys that are active again.`)]
      : []),
  ])
}

const person = ({ offboarding }: Undone): Piece =>
  offboarding.userId ? { user: offboarding.userId } : { name: offboarding.email ?? '' }

type GivenBack = 'activated' | 'returned' | 'rotating' | 'working' | 'kept'
const listedKeys = 20

function givenBack(undone: Undone, words: Record<GivenBack, string>): KnownBlock[] {
  const { elsewhere, roles, rolesStayEnded, offboarding } = undone
  const keys = (Object.keys(words) as GivenBack[])
    .filter((part) => undone[part].length > 0)
    .map((part) => say`${`${words[part]} (${undone[part].length})`}: ${names(undone[part])}.`)
  const given = join(
    roles.map(({ workspace, role }) => say`${role} of ${{ name: cut(workspace, maxName) }}`),
    ', ',
  )
  const stayed = rolesStayEnded ? say`unchanged, except where it ended with the offboarding` : say`as it was`
  const kept = offboarding.keepsRoleIn.length > 0 ? stayed : say`member`
  return [
    ...keys,
    ...(keys.length === 0 && elsewhere === 0 ? [say`No key changes.`] : []),
    ...(elsewhere > 0
      ? [
          say`${count(elsewhere, 'key')} of other workspaces ${elsewhere === 1 ? 'stays as it is' : 'stay as they are'}. Managers there activate keys with ${{ code: '/keys activate' }}.`,
        ]
      : []),
    say`Role: ${roles.length > 0 ? given : kept}. Owners set roles in ${{ code: '/keys roles' }}.`,
  ].map(sentenceBlock)
}

function names(all: readonly string[]): Phrase {
  const rest = all.length - listedKeys
  const shown = join(
    all.slice(0, listedKeys).map((name) => [{ name }]),
    ', ',
  )
  return rest > 0 ? say`${shown} and ${rest} more` : shown
}
