import type { KnownBlock, ModalView } from '@slack/types'
import { join, type Phrase, type Piece, say } from '../../../foundation/words.ts'
import type { Mode, Plan, Reason } from '../../../offboarding/offboarding.ts'
import type { Preview, PreviewedKey } from '../../../offboarding/preview.ts'
import type { Undone } from '../../../offboarding/undo.ts'
import { inWorkspace, type Workspace } from '../../../workspaces/workspace.ts'
import { cut, form, input, notice, option, plainSection, plainText, select, textInput } from '../../blocks.ts'
import { isolate, mrkdwnDate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'

export type PreviewProps = Preview & { leaver: string; workspace: Workspace }

export const planWords: Record<Plan, string> = {
  rotate: 'Rotate with grace',
  deactivate: 'Deactivate',
  revoke: 'Revoke for good',
  'hand-over': 'Hand over',
  keep: 'Keep as it is',
}

const reasonWords: Record<Reason, string> = {
  owned: 'owns it',
  revealed: 'revealed it',
  held: 'was given it',
  created: 'made it, never saw it',
}

const modeWords: Record<Mode, string> = {
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
        hint: newOwner ? 'Else a manager does. Never the leaver.' : 'There is no manager who could.',
      },
    ),
    input('note', 'Note', textInput({ max_length: 300 }), {
      optional: true,
      hint: 'It stands in the audit.',
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
    return say`${{ user: leaver }} has no key that is yours to decide about. Their role ends.`
  if (keys.length === 0)
    return say`${{ user: leaver }} has no key. Their role ends, and so does any key that they should turn out to have.`
  return say`${{ user: leaver }} has to do with ${count(keys.length, 'key')}; ${busy} in use. Their role ends. What happens is recorded, and the report follows in the alert channel.`
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
        ...select(
          key.choices.map((plan) => option(planWords[plan], plan)),
          key.plan,
        ),
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

export const begunView = (leaver: string, keys: number, channel: string): ModalView =>
  notice('Offboarding', [
    sentenceBlock(
      say`Offboarding ${{ user: leaver }}: ${count(keys, 'key')}. Progress and the report stand in ${{ name: `#${channel}` }}.`,
    ),
  ])

export const undoneView = ({ offboarding, activated, returned, kept, elsewhere }: Undone): ModalView => {
  const list = (names: string[]) =>
    join(
      names.slice(0, 20).map((name) => [{ name }]),
      ', ',
    )
  return notice('Offboarding undone', [
    sentenceBlock(say`${{ user: offboarding.userId! }} may use Keywarden again.`),
    ...(activated.length > 0 ? [sentenceBlock(say`Active again: ${list(activated)}.`)] : []),
    ...(returned.length > 0 ? [sentenceBlock(say`Theirs again: ${list(returned)}.`)] : []),
    ...(kept.length > 0 ? [sentenceBlock(say`Cannot be taken back: ${list(kept)}.`)] : []),
    ...(elsewhere > 0
      ? [
          sentenceBlock(
            say`${count(elsewhere, 'key')} of other workspaces ${elsewhere === 1 ? 'stays as it is' : 'stay as they are'}. Managers there activate keys with ${{ code: '/keys activate' }}.`,
          ),
        ]
      : []),
    sentenceBlock(say`A role is given anew in ${{ code: '/keys roles' }}.`),
  ])
}
