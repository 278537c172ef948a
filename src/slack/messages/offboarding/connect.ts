import type { KnownBlock, ModalView } from '@slack/types'
import type { Connection, ConnectionKind } from '../../../directory/connections.ts'
import { say } from '../../../foundation/words.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { actions, button, header, notice, plainSection, plainText } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'

const kindWords: Record<ConnectionKind, string> = {
  scim: 'SCIM, for a directory such as Okta or Entra',
  webhook: 'Webhook, for an HR system that signs',
}

/** The systems that report leavers, with buttons to add and revoke them. */
export const connectView = (workspace: Workspace, connections: readonly Connection[]): ModalView =>
  notice('Connect', [
    sentenceBlock(
      say`A directory or an HR system can tell Keywarden who leaves. Each has a credential of its own.`,
    ),
    actions(
      button('New SCIM token', 'connection.make.scim', ref(workspace.id, 'scim')),
      button('New webhook secret', 'connection.make.webhook', ref(workspace.id, 'webhook')),
    ),
    header('Connected'),
    ...(connections.length === 0
      ? [plainSection('Nothing yet.')]
      : connections.map((one) => row(workspace, one))),
  ])

function row(workspace: Workspace, one: Connection): KnownBlock {
  const used = one.lastUsedAt ? `last used ${one.lastUsedAt.toISOString().slice(0, 10)}` : 'never used'
  return plainSection(`${kindWords[one.kind]}\n${one.hint}  ${used}`, {
    block_id: one.id,
    accessory: {
      ...button('Revoke', `connection.revoke.${one.id}`, ref(workspace.id, one.id), {
        label: `Revoke ${one.hint}`,
      }),
      confirm: {
        title: plainText('Revoke credential'),
        text: plainText(
          `Whatever uses ${one.hint} is refused from now on, and tells Keywarden of no leaver any more.`,
        ),
        confirm: plainText('Revoke credential'),
        deny: plainText('Keep it'),
      },
    },
  })
}

/** Shows the credential once. */
export const connectionView = ({ id, kind }: Connection, secret: string): ModalView =>
  notice('Copy it now', [
    sentenceBlock(say`Shown once. Save it in ${kind === 'scim' ? 'your directory' : 'your HR system'} now.`),
    {
      type: 'rich_text',
      elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: secret }] }],
    },
    sentenceBlock(
      kind === 'scim'
        ? say`Base URL: the address of Keywarden and ${{ code: '/scim/v2' }}. Authentication: HTTP header, Bearer token.`
        : say`Post to ${{ code: '/v1/offboardings' }} with the header ${{ code: `X-Keywarden-Connection: ${id}` }}; docs/offboarding.md shows how to sign.`,
    ),
  ])
