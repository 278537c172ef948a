import type { KnownBlock } from '@slack/types'
import { expect, test } from 'vitest'
import { said as saidIn } from '../../sandbox/acting.ts'
import type { KeyWithUsage } from '../../src/keys/key.ts'
import { campaignBegunView, campaignForm } from '../../src/slack/messages/rotation/rotate-many.ts'
import type { Workspace } from '../../src/workspaces/workspace.ts'

const workspace = { id: 'ws_1', accountId: 'acc_1', name: 'Platform' } as Workspace
const said = (blocks: readonly unknown[]) => saidIn(blocks as KnownBlock[])

test('keys of a campaign are refused when their rotations start, not when somebody asks for them', () => {
  const formOf = (...names: string[]) =>
    campaignForm({
      ...{ workspace, choice: 'overdue', of: '', reason: 'compromised', integrations: [] },
      keys: names.map((name) => ({ name }) as KeyWithUsage),
    })
  expect(said(formOf('Ledger').blocks)).toContain('1 key is refused as soon as its rotation starts: Ledger.')
  expect(said(formOf('Ledger', 'Mail').blocks)).toContain(
    '2 keys are refused as soon as their rotations start: Ledger, Mail.',
  )
  expect(campaignBegunView('Keys of a person', 'alerts').title.text).toBe('Rotations are starting')
})
