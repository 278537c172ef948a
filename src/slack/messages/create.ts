import type { ModalView } from '@slack/types'
import { scopeMeanings, scopes } from '../../keys/scope.ts'
import type { Terms } from '../../policy/terms.ts'
import type { Workspace } from '../../workspaces/workspace.ts'
import { cut, input, option, plainText } from '../blocks.ts'
import { ref } from '../ref.ts'

/** The dialog that makes a key. Length and form are ours to check, so that the sentence is ours too. */
export const createForm = (workspace: Workspace, name: string): ModalView => ({
  type: 'modal',
  callback_id: 'key.create',
  private_metadata: ref(workspace.id, ''),
  title: plainText('Create key'),
  submit: plainText('Create key'),
  close: plainText('Cancel'),
  blocks: [
    input(
      'name',
      'Name',
      {
        type: 'plain_text_input',
        placeholder: plainText('Salesforce CRM'),
        focus_on_load: true,
        ...(name ? { initial_value: cut(name, 3000) } : {}),
      },
      { hint: 'The system that will use it.' },
    ),
    input('description', 'Description', { type: 'plain_text_input', multiline: true }, { optional: true }),
    input('scopes', 'Scopes', {
      type: 'checkboxes',
      options: scopes.map((scope) => option(scope, scope, scopeMeanings[scope])),
    }),
    input(
      'expires',
      'Expires after (days)',
      { type: 'plain_text_input', initial_value: '90', placeholder: plainText('never') },
      { optional: true, hint: expiryHint(workspace.terms) },
    ),
  ],
})

const expiryHint = (terms: Terms) =>
  terms.writeMustExpire === 'enforce'
    ? `1 to ${terms.maximumLifetimeDays}; blank for never. Policy: a key with write must expire.`
    : `1 to ${terms.maximumLifetimeDays}; blank for never.`
