import type { Checkboxes, InputBlock, KnownBlock, ModalView } from '@slack/types'
import { say } from '../../../foundation/words.ts'
import type { Key } from '../../../keys/key.ts'
import { type Scope, scopeMeanings, scopes } from '../../../keys/scope.ts'
import { mustExpire, type Policy } from '../../../policy/policy.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { actions, context, cut, form, go, input, option, select, textInput } from '../../blocks.ts'
import { isolate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { type ExpiryProps, expiryInputs } from './expiry.ts'
import { hintInBrackets } from './key.ts'
import { restrictionInputs } from './restrictions.ts'

/** The form's state. Slack keeps the text that was typed, by block. */
export type CreateProps = ExpiryProps & {
  kind: 'create' | 'request'
  workspaces: Workspace[]
  ownerId: string
  name?: string
  /** what integrations are called already */
  integrations?: readonly string[]
  /** a live key of the same integration */
  rival?: Key
}

/** The most integrations that the form names. */
export const suggestedIntegrations = 12

/** The dialog that creates a key, or requests one. It shows the policy before anyone submits. */
export function createForm(props: CreateProps): ModalView {
  const { kind, workspace } = props
  const title = kind === 'create' ? 'Create key' : 'Request a key'
  const blocks: KnownBlock[] = [
    ...(props.workspaces.length > 1 ? [workspaceInput(props)] : []),
    input('integration', 'Integration', textInput({ hintText: 'Salesforce', focus_on_load: !props.name }), {
      optional: true,
      hint: `The product that connects with this key. Use one key per product.${known(props)}`,
    }),
    ...rivalBlocks(props),
    input(
      'name',
      'Name',
      textInput({
        hintText: 'Salesforce CRM',
        focus_on_load: Boolean(props.name),
        ...(props.name ? { initial_value: cut(props.name, 3000) } : {}),
      }),
      {
        hint: 'What you call this key. Add what tells it apart when the product has several, such as a region.',
      },
    ),
    input('description', 'Description', textInput({ multiline: true }), { optional: true }),
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
      hint: 'If someone else owns it, only they will see the key.',
    },
  )

const reasonInput: InputBlock = input('reason', 'Reason', textInput({ multiline: true }), {
  hint: 'The approver sees this.',
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
  const rule = mustExpire(chosen, policy)
    ? 'Policy: a key with write must expire.'
    : 'A key with write should expire.'
  const approval = policy.writeNeedsApproval ? ' A second manager or owner has to approve it.' : ''
  const least = chosen.includes('read') ? '' : ' If it only reads, choose read.'
  return [context(`${rule}${approval}${least}`)]
}

const known = ({ integrations = [] }: CreateProps): string =>
  integrations.length > 0 ? ` In use: ${integrations.map((name) => isolate(name)).join(', ')}.` : ''

/** Points out another live key of the integration: the person may want to rotate that one. */
function rivalBlocks({ rival }: CreateProps): KnownBlock[] {
  if (!rival) return []
  return [
    sentenceBlock(
      say`${{ name: rival.integration }} already has a key: ${{ name: rival.name }} ${hintInBrackets(rival)}.`,
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
