import type { KnownBlock, ModalView } from '@slack/types'
import { say } from '../../../foundation/words.ts'
import { type Policy, versionOf } from '../../../policy/policy.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { context, form, header, input, notice, option, select, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'

/** The dialog of all rules of a workspace, each with its effect. */
export function policyForm(workspace: Workspace, channels: PolicyChannels): ModalView {
  const { policy } = workspace
  return form('Policy', 'Save policy', 'policy.set', ref(workspace.id, versionOf(policy)), [
    sentenceBlock(say`${{ name: workspace.name }}. What you set holds from now on; no existing key changes.`),
    header('Keys'),
    days('maximumLifetimeDays', 'Longest lifetime of a key (days)', policy),
    input(
      'writeMustExpire',
      'Keys with write',
      select(
        [option('must expire', 'enforce'), option('should expire; warn only', 'warn')],
        policy.writeMustExpire,
      ),
    ),
    input(
      'writeNeedsApproval',
      'A new key with write',
      select(
        [option('needs no approval', 'no'), option('needs a second manager or owner', 'yes')],
        policy.writeNeedsApproval ? 'yes' : 'no',
      ),
    ),
    header('Rotation and rest'),
    days('rotationPeriodDays', 'Rotate every (days)', policy),
    days('rotationWarningDays', 'Warn this many days before', policy),
    days('rotationDeadlineDays', 'A rotation takes at most (days)', policy),
    days('silentBeforeFinishHours', 'Safe to finish after (hours) without a request on the old key', policy),
    input(
      'cutAtDeadline',
      'An old key that is still in use at the deadline',
      select(
        [option('stays, and people are asked', 'no'), option('ends, once the new one was revealed', 'yes')],
        policy.cutAtDeadline ? 'yes' : 'no',
      ),
    ),
    days('idleDays', 'A key is idle after (days) without a request', policy),
    days(
      'sharedKeySystems',
      'A key is shared when used by (systems) at once',
      policy,
      'At once: within an hour. Systems: with neither network nor client in common.',
    ),
    input('idleKeys', 'An idle key', select(afterNotice, policy.idleKeys)),
    ...review(policy),
    ...offboarding(policy),
    header('Alerts'),
    channelInput('alertChannel', 'Alert channel', channels.alerts, ownChannel),
    input(
      'quietFrom',
      'Quiet from',
      { type: 'timepicker', initial_time: policy.quietFrom },
      { hint: 'Only critical alerts are sent in quiet hours. Equal times: never quiet.' },
    ),
    input(
      'quarantineLeaked',
      'A key whose use looks like a leak',
      select(
        [option('is only told', 'no'), option('is deactivated at once', 'yes')],
        policy.quarantineLeaked ? 'yes' : 'no',
      ),
      { hint: 'Its owner is told, and one click activates it again.' },
    ),
    input('quietUntil', 'Quiet until', { type: 'timepicker', initial_time: policy.quietUntil }),
    input('timeZone', 'Time zone', textInput({ initial_value: policy.timeZone, hintText: 'Europe/Berlin' }), {
      hint: 'An IANA name. Quiet hours and days count in it.',
    }),
    channelInput('auditChannel', 'Channel for signed checkpoints of the audit', channels.audit, {
      hint: 'One message a day, each hour in its thread. Empty: nowhere. Not one that is shared.',
      optional: true,
    }),
    context('Owners can read who changed what in /keys audit.'),
  ])
}

type Days =
  | 'maximumLifetimeDays'
  | 'rotationPeriodDays'
  | 'rotationWarningDays'
  | 'rotationDeadlineDays'
  | 'silentBeforeFinishHours'
  | 'idleDays'
  | 'sharedKeySystems'
  | 'reviewIntervalDays'
  | 'reviewAnswerDays'
  | 'noticeDays'
  | 'offboardingLimitMinutes'
  | 'offboardingBusyDays'
  | 'offboardingGraceDays'

const days = (rule: Days, label: string, policy: Policy, hint?: string): KnownBlock =>
  input(rule, label, textInput({ initial_value: String(policy[rule]) }), hint ? { hint } : {})

const afterNotice = [
  option('is flagged', 'flag'),
  option('is flagged, and deactivated after notice', 'deactivate'),
]

const review = (policy: Policy): KnownBlock[] => [
  header('Review'),
  days('reviewIntervalDays', 'Ask owners what they still need every (days)', policy, '0: never.'),
  days('reviewAnswerDays', 'They answer within (days)', policy),
  input('unconfirmedKeys', 'A key that nobody confirmed', select(afterNotice, policy.unconfirmedKeys)),
  days(
    'noticeDays',
    'Notice before a key is deactivated (days)',
    policy,
    'For idle and unconfirmed keys. Activating it again is one click. See /keys review dry run.',
  ),
]

const offboardingModes = [
  option('rotate busy keys, revoke quiet ones', 'by-use'),
  option('revoke', 'revoke'),
  option('deactivate (can be undone)', 'deactivate'),
  option('rotate', 'rotate'),
]

const offboarding = (policy: Policy): KnownBlock[] => [
  header('When somebody leaves'),
  input('offboardingMode', 'Their keys, after a preview', select(offboardingModes, policy.offboardingMode)),
  input(
    'offboardingUnattendedMode',
    'Their keys, when a system says so',
    select(offboardingModes, policy.offboardingUnattendedMode),
    { hint: 'Slack, a directory, a workflow or an HR system: nobody has seen what will happen.' },
  ),
  input(
    'offboardingByWorkflow',
    'The workflow step Offboard a person',
    select(
      [option('is switched off', 'no'), option('offboards whom a workflow names', 'yes')],
      policy.offboardingByWorkflow ? 'yes' : 'no',
    ),
    {
      hint: 'Anyone who builds or runs workflows in Slack may use it, unless a Slack admin narrows that. It needs every workspace of yours to have it on.',
    },
  ),
  days('offboardingLimitMinutes', 'Alert when it takes longer than (minutes)', policy),
  days('offboardingBusyDays', 'A key is busy when used within (days)', policy),
  days('offboardingGraceDays', 'A rotated key works on for (days)', policy),
]

/** The ids of the channels, where Slack knows them. */
export type PolicyChannels = { alerts?: string | undefined; audit?: string | undefined }

const ownChannel = { hint: 'Not one that is shared with another organisation.' }

const channelInput = (
  rule: 'alertChannel' | 'auditChannel',
  label: string,
  channelId: string | undefined,
  more: { hint: string; optional?: boolean },
): KnownBlock =>
  input(
    rule,
    label,
    {
      type: 'conversations_select',
      filter: {
        include: ['public', 'private'],
        exclude_external_shared_channels: true,
        exclude_bot_users: true,
      },
      ...(channelId ? { initial_conversation: channelId } : {}),
    },
    more,
  )

/** `uninvited`: chosen private channels to which a member must invite the bot. */
export const policySavedView = (workspace: Workspace, uninvited: readonly string[]): ModalView =>
  notice('Policy saved', [
    sentenceBlock(say`The policy of ${{ name: workspace.name }} is saved.`),
    ...uninvited.map((channel) =>
      sentenceBlock(
        say`I am not in ${{ name: `#${channel}` }}. Type there: ${{ code: '/invite @Keywarden' }}.`,
      ),
    ),
  ])
