import type { Checkboxes, InputBlock, KnownBlock, ModalView } from '@slack/types'
import { dayMs } from '../../../foundation/time.ts'
import { say } from '../../../foundation/words.ts'
import type { Key } from '../../../keys/key.ts'
import { type Scope, scopeMeanings, scopes } from '../../../keys/scope.ts'
import type { Policy } from '../../../policy/policy.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { actions, context, cut, form, go, input, option, select, textInput } from '../../blocks.ts'
import { mrkdwnDate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { hintOf } from './key.ts'
import { restrictionInputs } from './restrictions.ts'

/** The form's state. Slack keeps the text that was typed, by block. */
export type CreateProps = {
  kind: 'create' | 'request'
  workspace: Workspace
  workspaces: Workspace[]
  ownerId: string
  name?: string
  /** scopes ticked so far */
  chosen: readonly string[]
  /** the expiry chosen so far: days, `other` or `never` */
  expires: string
  /** a live key of the same integration */
  rival?: Key
  now: Date
}

/** The lifetimes in the menu, in days. */
export const presets = ['30', '90', '180', '365']
export const defaultExpiry = '90'

/** The dialog that creates a key, or requests one. It shows the policy before anyone submits. */
export function createForm(props: CreateProps): ModalView {
  const { kind, workspace } = props
  const title = kind === 'create' ? 'Create key' : 'Request a key'
  const blocks: KnownBlock[] = [
    ...(props.workspaces.length > 1 ? [workspaceInput(props)] : []),
    input(
      'name',
      'Name',
      textInput({
        hintText: 'Salesforce CRM',
        focus_on_load: true,
        ...(props.name ? { initial_value: cut(props.name, 3000) } : {}),
      }),
      { hint: 'The system that will use it.' },
    ),
    input('description', 'Description', textInput({ multiline: true }), { optional: true }),
    input('integration', 'Integration', textInput({ hintText: 'Salesforce' }), {
      optional: true,
      hint: 'The product on the other side; one key each is a good habit.',
    }),
    ...rivalBlocks(props),
    scopesInput('create', []),
    ...scopeAdvice(props.chosen, workspace.policy),
    ...expiryInputs('create', props),
    ...(kind === 'create' ? [ownerInput(props.ownerId)] : [reasonInput]),
    ...restrictionInputs(),
  ]
  return form(
    title,
    kind === 'create' ? 'Create key' : 'Send request',
    `key.${kind}`,
    ref(workspace.id, kind),
    blocks,
  )
}

const workspaceInput = ({ workspaces, workspace }: CreateProps): InputBlock =>
  input(
    'workspace',
    'Workspace',
    select(
      workspaces.slice(0, 100).map((w) => option(w.name, w.id)),
      workspace.id,
    ),
    {
      redraws: 'create',
    },
  )

const ownerInput = (ownerId: string): InputBlock =>
  input(
    'owner',
    'Owner',
    { type: 'users_select', initial_user: ownerId },
    {
      hint: 'For someone else: they reveal it; you will not see it.',
    },
  )

const reasonInput: InputBlock = input('reason', 'Reason', textInput({ multiline: true }), {
  hint: 'Whoever decides reads this.',
})

export function scopesInput(formName: string, initial: readonly Scope[]): InputBlock {
  const options = scopes.map((scope) => option(scope, scope, scopeMeanings[scope]))
  const chosen = options.filter((one) => initial.includes(one.value as Scope))
  const element: Checkboxes = {
    type: 'checkboxes',
    options,
    ...(chosen.length > 0 ? { initial_options: chosen } : {}),
  }
  return input('scopes', 'Scopes', element, { redraws: formName })
}

/** Advice on the ticked scopes, from the policy and common practice. */
export function scopeAdvice(chosen: readonly string[], policy: Policy): KnownBlock[] {
  if (!chosen.includes('write')) return []
  const rule = {
    enforce: 'Policy: a key with write must expire.',
    warn: 'Policy advises that a key with write expires.',
  }[policy.writeMustExpire]
  const approval = policy.writeNeedsApproval ? ' A second manager or owner has to approve it.' : ''
  const least = chosen.includes('read') ? '' : ' Will it only read? Then read is enough.'
  return [context(`⚠️ ${rule}${approval}${least}`)]
}

/** A preset or any number of days, with the resulting date. */
export function expiryInputs(
  formName: string,
  props: { chosen: readonly string[]; expires: string; days?: string; workspace: Workspace; now: Date },
): KnownBlock[] {
  const { policy } = props.workspace
  const never = policy.writeMustExpire === 'warn' || !props.chosen.includes('write')
  const days = presets.filter((preset) => Number(preset) <= policy.maximumLifetimeDays)
  const options = [
    ...days.map((preset) => option(`${preset} days`, preset)),
    option('Other', 'other'),
    ...(never ? [option('Never', 'never')] : []),
  ]
  const offered = (wanted: string) => options.find((one) => one.value === wanted)
  const chosen = (offered(props.expires) ?? offered(defaultExpiry) ?? options[0]!).value
  const ends = Number(chosen) > 0 ? new Date(props.now.getTime() + Number(chosen) * dayMs) : undefined
  const other = input(
    'days',
    'Days',
    textInput({ hintText: '45', ...(props.days ? { initial_value: props.days } : {}) }),
    {
      hint: `A whole number of days from 1 to ${policy.maximumLifetimeDays}.`,
    },
  )
  return [
    input('expires', 'Expires', select(options, chosen), { redraws: formName }),
    ...(chosen === 'other' ? [other] : []),
    ...(ends ? [context(`Revealed today, it stops working ${mrkdwnDate(ends, '{date_long}')}.`)] : []),
  ]
}

/** Points out another live key of the integration: the person may want to rotate that one. */
function rivalBlocks({ rival }: CreateProps): KnownBlock[] {
  if (!rival) return []
  return [
    sentenceBlock(
      say`${{ name: rival.integration }} already has a key: ${{ name: rival.name }} ${hintOf(rival)}.`,
    ),
    actions(go('Rotate that key', 'rotate', rival)),
    input(
      'another',
      'Or make a second one',
      { type: 'checkboxes', options: [option('Make another key for this integration', 'yes')] },
      { optional: true },
    ),
  ]
}
