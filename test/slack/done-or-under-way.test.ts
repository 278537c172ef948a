import type { KnownBlock } from '@slack/types'
import { expect, test } from 'vitest'
import { said as saidIn } from '../../sandbox/acting.ts'
import type { Key, KeyWithUsage } from '../../src/keys/key.ts'
import type { LeakState } from '../../src/leaks/act.ts'
import { lost, nothingToLearn, type Receipt } from '../../src/leases/receipt.ts'
import type { Counts, OffboardingReport } from '../../src/offboarding/report.ts'
import type { Undone } from '../../src/offboarding/undo.ts'
import { quarantinedMessage } from '../../src/slack/messages/alerts/expected.ts'
import { noticeMessage } from '../../src/slack/messages/alerts/notice.ts'
import { restrictedView } from '../../src/slack/messages/keys/change.ts'
import { leakReportedView } from '../../src/slack/messages/keys/leaked.ts'
import { pastedMessage } from '../../src/slack/messages/keys/pasted.ts'
import { undoneView } from '../../src/slack/messages/offboarding/offboard.ts'
import { ownerNamedMessage } from '../../src/slack/messages/offboarding/owner-named.ts'
import { offboardingMessage } from '../../src/slack/messages/offboarding/progress.ts'
import { finishedManyView } from '../../src/slack/messages/rotation/dialogs.ts'
import { campaignBegunView, campaignForm } from '../../src/slack/messages/rotation/rotate-many.ts'
import { resumedMessage, suspendedView } from '../../src/slack/messages/workspace/suspend.ts'
import type { Workspace } from '../../src/workspaces/workspace.ts'

const workspace = { id: 'ws_1', accountId: 'acc_1', name: 'Platform' } as Workspace
const said = (blocks: readonly unknown[]) => saidIn(blocks as KnownBlock[])
const pending: Receipt = { state: 'pending', seq: 7, waitingFor: ['gateway-1'] }
const noKeys: Counts = { all: 0, waiting: 0, refused: 0, rotating: 0, handedOver: 0, kept: 0, failed: 0 }

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

test('the keys of an owner whom a system named are said to be dealt with until that is done', () => {
  const asked = (keys: Counts | undefined) =>
    said(
      ownerNamedMessage({
        ...{ about: 'owner-named', offboardingId: 'off_1', leaver: 'U0CHIDI003', workspace, isHome: true },
        ...{ sources: ['webhook'], keys, hasOthers: true, outcome: 'waits', by: null, at: new Date(0) },
      }).blocks,
    )
  expect(asked(undefined)).toContain('through the webhook. Their keys are being dealt with. Their role stays')
  expect(asked({ ...noKeys, all: 3, refused: 2, kept: 1 })).toContain('Their keys: 2 refused, 1 kept.')
  expect(asked(noKeys)).toContain('They have no key.')
})

test('another workspace reads through what somebody is being offboarded, and not that they were', () => {
  const heard = (by: string, sources: string[]) =>
    said(
      noticeMessage({
        ...{ about: 'offboarded-elsewhere', leaver: 'U0CHIDI003', by, sources, home: 'Platform' },
        ...{ workspace: 'Production', keys: [], count: 0, keepsRole: true },
      }).blocks,
    )
  expect(heard('job:webhook con_1', ['webhook'])).toMatch(
    /^U0CHIDI003 is being offboarded, through the webhook\./,
  )
  expect(heard('job:slack-events', ['workflow', 'webhook'])).toMatch(/through a workflow, the webhook\./)
  expect(heard('U0BRUNO002', ['slack'])).toMatch(
    /^U0CHIDI003 is being offboarded in Platform by U0BRUNO002, who decides nothing in Production\./,
  )
})

test('keys that an undo gives back may still be refused until every server has learnt it, and are not given back if it is lost', () => {
  const undone = {
    offboarding: { userId: 'U0CHIDI003', keepsRoleIn: [] as string[] },
    ...{ activated: ['Ledger'], returned: [], rotating: [], working: [], kept: [], elsewhere: 0, roles: [] },
  } as unknown as Undone
  const shown = (receipt: Receipt, what = undone) => said(undoneView(what, receipt).blocks)
  expect(shown(nothingToLearn)).toContain('Active again (1): Ledger.')
  expect(shown(nothingToLearn)).not.toContain('may still refuse')
  expect(shown(pending)).toMatch(/Active again \(1\): Ledger\..*some servers may still refuse/)
  expect(shown(pending, { ...undone, activated: [] })).not.toContain('may still refuse')
  expect(shown(lost)).not.toMatch(/Active again|may use Keywarden/)
})

test('of a change that the database has lost nothing else is said', () => {
  const key = { id: 'key_1', workspaceId: 'ws_1', name: 'Ledger', statusChangedAt: new Date(0) } as Key
  for (const { blocks } of [
    suspendedView(workspace, lost),
    resumedMessage(workspace, lost),
    quarantinedMessage(key, lost),
    restrictedView('revoke', key, lost),
    restrictedView('deactivate', key, lost),
    finishedManyView(2, lost),
  ])
    expect(said(blocks)).toMatch(/^The database does not have this change: .* try again\.$/)
})

test('a key of a leaver that could not be dealt with is not counted as refused, rotating or kept', () => {
  const at = new Date(0)
  const one = {
    ...{
      id: 'off_1',
      workspaceId: 'ws_1',
      userId: 'U0CHIDI003',
      requestedBy: 'U0ADA00001',
      sources: ['slack'],
    },
    ...{ keepsRoleInNames: [], lastOwnerOf: [], ignored: { asked: [], notTakenIn: [] }, note: '' },
    ...{ requestedAt: at, begunAt: at, dueAt: at, doneAt: null, endedAt: null, endedBecause: null },
  }
  const keys = [
    { keyId: 'key_1', name: 'Ledger', outcome: 'revoked', confirmedAt: at, reasons: ['owned'] },
    { keyId: 'key_2', name: 'Mail', outcome: 'failed', why: 'it broke', confirmedAt: at, reasons: ['owned'] },
  ]
  const counts = { ...noKeys, all: 2, refused: 1, failed: 1 }
  const shown = (state: string) => {
    const report = { offboardings: [{ ...one, state }], counts, keys, elsewhere: [] }
    return JSON.stringify(offboardingMessage(report as unknown as OffboardingReport))
  }
  expect(shown('done')).toContain('1 of 2 keys refused, rotating or kept')
  expect(shown('confirming')).toContain('1 of 2 keys done.')
})

test('what policy does to a reported key is under way until its receipt is there', () => {
  const states = ['quarantine', 'rotate', 'revoke', 'works'] as const
  const reported = states.map((state) => ({ name: 'Ledger', hint: 'tml_ab12...', state }))
  const shown = (receipt: Receipt) => said(leakReportedView(reported, 0, receipt).blocks)
  expect(shown(pending)).toMatch(/being deactivated.*being ended.*being revoked.*It still works/)
  expect(shown(nothingToLearn)).toMatch(/in quarantine.*is ended.*is revoked.*It still works/)
})

test('rotations of a campaign are finished once the receipt says so', () => {
  expect(said(finishedManyView(2, pending).blocks)).toMatch(/^Finishing 2 rotations\. Saved\. Waiting for/)
  expect(said(finishedManyView(2, nothingToLearn).blocks)).toMatch(/^Finished 2 rotations\. /)
  expect(said(finishedManyView(2, undefined).blocks)).toBe('Finished 2 rotations.')
})

test('the author of a paste reads that others can use the key only while it works', () => {
  const read = (state: LeakState) =>
    said(
      pastedMessage({
        ...{ about: 'pasted', hint: 'tml_ab12...', channel: 'C0GENERAL1', link: '' },
        ...{ state, isConfirmed: true },
      }).blocks,
    )
  for (const state of ['waits', 'works'] as const) expect(read(state)).toContain('can use it.')
  for (const state of ['suspended', 'paused', 'revoked', 'quarantine', 'rotate', 'revoke'] as const)
    expect(read(state)).toContain('Everybody who can read the channel can see it.')
})

test('an undo says that a role is as it was only where none has ended for good', () => {
  const shown = (rolesStayEnded: boolean, keepsRoleIn: string[]) =>
    said(
      undoneView(
        {
          offboarding: { userId: 'U0CHIDI003', keepsRoleIn },
          ...{
            activated: [],
            returned: [],
            rotating: [],
            working: [],
            kept: [],
            elsewhere: 0,
            roles: [],
            rolesStayEnded,
          },
        } as unknown as Undone,
        nothingToLearn,
      ).blocks,
    )
  expect(shown(false, ['ws_1'])).toContain('Role: as it was. Owners')
  expect(shown(true, ['ws_1'])).toContain(
    'Role: unchanged, except where it ended with the offboarding. Owners',
  )
  expect(shown(true, [])).toContain('Role: member.')
})
