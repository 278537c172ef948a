import type { KnownBlock, ModalView } from '@slack/types'
import { type Phrase, say } from '../../../foundation/words.ts'
import { evidences } from '../../../policy/leaked.ts'
import { type Policy, versionOf } from '../../../policy/policy.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import {
  actions,
  button,
  context,
  form,
  header,
  input,
  namesWorkspace,
  notice,
  option,
  select,
  textInput,
} from '../../blocks.ts'
import { escapeMrkdwn, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { modeWords } from '../offboarding/offboard.ts'

/** The parts of a policy, each a form of its own; `leaked` has rules by scope. */
export const policySections = ['keys', 'rotation', 'review', 'leaving', 'alerts', 'leaked'] as const
export type PolicySection = (typeof policySections)[number]

const titles: Record<PolicySection, string> = {
  keys: 'New keys',
  rotation: 'Rotation and idle keys',
  review: 'Review',
  leaving: 'When somebody is leaving',
  alerts: 'Alerts',
  leaked: 'Leaked keys',
}

/** A sentence about all that is below it; with this block nothing else has to name the workspace. */
export const ofWorkspace = (workspace: Workspace, words: Phrase): KnownBlock =>
  namesWorkspace(sentenceBlock([...say`${{ name: workspace.name }}. `, ...words]))

/** A workspace's policy on one screen: each section with what it says now, and the way to change it. */
export const policyOverview = (workspace: Workspace, saved: readonly KnownBlock[] = []): ModalView =>
  notice(saved.length > 0 ? 'Policy saved' : 'Policy', [
    ...saved,
    ofWorkspace(workspace, say`Applies from now on; existing keys do not change.`),
    ...policySections.map((section): KnownBlock => {
      const words = escapeMrkdwn(summaries[section](workspace.policy))
      return {
        type: 'section',
        text: { type: 'mrkdwn', text: `*${titles[section]}*\n${words}` },
        accessory: button('Change', `policy.open.${section}`, ref(workspace.id, section), {
          label: `Change: ${titles[section]}`,
        }),
      }
    }),
    context('Owners can read who changed what in /keys audit.'),
  ])

const expiring: Record<Policy['mustExpire'], string> = {
  all: 'All keys must expire',
  write: 'Keys with write must expire',
  none: 'An expiry is only advised',
}
const noticed: Record<Policy['idleKeys'], string> = {
  flag: 'flagged',
  deactivate: 'deactivated after notice',
}
const inDays = (n: number): string => `${n} ${n === 1 ? 'day' : 'days'}`

const summaries: Record<PolicySection, (policy: Policy) => string> = {
  keys: ({ mustExpire, maximumLifetimeDays: longest, writeNeedsApproval }) =>
    `${expiring[mustExpire]}; ${longest === 0 ? 'no longest lifetime' : `at most ${inDays(longest)}`}. A new key with write needs ${writeNeedsApproval ? 'a second person' : 'no approval'}.`,
  rotation: (policy) =>
    `Due every ${inDays(policy.rotationPeriodDays)}, with a warning ${inDays(policy.rotationWarningDays)} before. Idle after ${inDays(policy.idleDays)}: ${noticed[policy.idleKeys]}.`,
  review: ({ reviewIntervalDays: every, reviewAnswerDays, unconfirmedKeys }) =>
    every === 0
      ? 'Never.'
      : `Every ${inDays(every)}; owners answer within ${inDays(reviewAnswerDays)}. Not confirmed: ${noticed[unconfirmedKeys]}.`,
  leaving: (policy) =>
    `After a preview: ${modeWords[policy.offboardingMode]}. Automatically: ${modeWords[policy.offboardingUnattendedMode]}. Workflow step ${policy.offboardingByWorkflow ? 'on' : 'off'}.`,
  alerts: ({ quietFrom, quietUntil, timeZone, quarantineLeaked }) =>
    `${quietFrom === quietUntil ? 'Never quiet' : `Quiet from ${quietFrom} to ${quietUntil}`}, ${timeZone}. Use that looks like a leak: ${quarantineLeaked ? 'the key is deactivated' : 'only reported'}.`,
  leaked: ({ leaked }) => {
    const acting = evidences.flatMap((evidence) =>
      Object.values(leaked[evidence]).filter((action) => action !== 'notify'),
    )
    return acting.length === 0 ? 'An alert, and people decide.' : `${acting.length} rules act by themselves.`
  },
}

/** The form of one section, with the effect of each rule. */
export function policyForm(
  workspace: Workspace,
  section: Exclude<PolicySection, 'leaked'>,
  channels: PolicyChannels = {},
): ModalView {
  const { policy } = workspace
  const metadata = ref(workspace.id, `${section} ${versionOf(policy)}`)
  return form('Policy', 'Save policy', 'policy.set', metadata, [
    header(titles[section]),
    ofWorkspace(workspace, say`Applies from now on; existing keys do not change.`),
    ...fields[section](policy, channels),
    backToAll(workspace),
  ])
}

/** [All sections] */
export const backToAll = (workspace: Workspace): KnownBlock =>
  actions(
    button('All sections', 'policy.open', ref(workspace.id, 'all'), {
      label: 'All sections of the policy; nothing is saved',
    }),
  )

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

const yesNo = (no: string, yes: string, isOn: boolean) =>
  select([option(no, 'no'), option(yes, 'yes')], isOn ? 'yes' : 'no')

const offboardingModes = [
  option('rotate busy keys, revoke quiet ones', 'by-use'),
  option('revoke', 'revoke'),
  option('deactivate (can be undone)', 'deactivate'),
  option('rotate', 'rotate'),
]

type Fields = (policy: Policy, channels: PolicyChannels) => KnownBlock[]

const fields: Record<Exclude<PolicySection, 'leaked'>, Fields> = {
  keys: (policy) => [
    days(
      'maximumLifetimeDays',
      'Longest lifetime of a key (days)',
      policy,
      '0 = no limit. With a limit, every new key expires.',
    ),
    input(
      'mustExpire',
      'Which keys must expire',
      select(
        [option('All keys', 'all'), option('Keys with write', 'write'), option('None; only advised', 'none')],
        policy.mustExpire,
      ),
    ),
    input(
      'writeNeedsApproval',
      'A new key with write',
      yesNo('needs no approval', 'needs a second manager or owner', policy.writeNeedsApproval),
    ),
  ],
  rotation: (policy) => [
    days('rotationPeriodDays', 'Rotate every (days)', policy),
    days('rotationWarningDays', 'Warn this many days before', policy),
    days('rotationDeadlineDays', 'A rotation takes at most (days)', policy),
    days('silentBeforeFinishHours', 'Safe to finish after (hours) without a request on the old key', policy),
    input(
      'cutAtDeadline',
      'An old key that is still in use at the deadline',
      yesNo('stays, and people are asked', 'ends, once the new one was revealed', policy.cutAtDeadline),
    ),
    days('idleDays', 'A key is idle after (days) without a request', policy),
    input('idleKeys', 'An idle key', select(afterNotice, policy.idleKeys)),
    days(
      'sharedKeySystems',
      'A key is shared when used by (systems) at once',
      policy,
      '“At once” = within an hour. Different systems share neither network nor client.',
    ),
  ],
  review: (policy) => [
    days('reviewIntervalDays', 'Ask owners what they still need every (days)', policy, '0 = never.'),
    days('reviewAnswerDays', 'They answer within (days)', policy),
    input('unconfirmedKeys', 'A key that nobody confirmed', select(afterNotice, policy.unconfirmedKeys)),
    days(
      'noticeDays',
      'Notice before a key is deactivated (days)',
      policy,
      'For idle and unconfirmed keys. Activating it again is one click. See /keys review dry run.',
    ),
  ],
  leaving: (policy) => [
    input('offboardingMode', 'Their keys, after a preview', select(offboardingModes, policy.offboardingMode)),
    input(
      'offboardingUnattendedMode',
      'Their keys, when triggered automatically',
      select(offboardingModes, policy.offboardingUnattendedMode),
      { hint: 'By Slack, a directory, a workflow or an HR system: nobody reviews it first.' },
    ),
    input(
      'offboardingByWorkflow',
      'The workflow step Offboard a person',
      yesNo('is switched off', 'offboards whom a workflow names', policy.offboardingByWorkflow),
      {
        hint: 'Anyone who builds or runs workflows in Slack may use it, unless a Slack admin narrows that. It needs every workspace of yours to have it on.',
      },
    ),
    days('offboardingLimitMinutes', 'Alert when it takes longer than (minutes)', policy),
    days('offboardingBusyDays', 'A key is busy when used within (days)', policy),
    days('offboardingGraceDays', 'A rotated key works on for (days)', policy),
  ],
  alerts: (policy, channels) => [
    channelInput('alertChannel', 'Alert channel', channels.alerts, ownChannel),
    input(
      'quietFrom',
      'Quiet from',
      { type: 'timepicker', initial_time: policy.quietFrom },
      { hint: 'Only critical alerts are sent in quiet hours. Same times = no quiet hours.' },
    ),
    input('quietUntil', 'Quiet until', { type: 'timepicker', initial_time: policy.quietUntil }),
    input('timeZone', 'Time zone', textInput({ initial_value: policy.timeZone, hintText: 'Europe/Berlin' }), {
      hint: 'An IANA name. Quiet hours and days count in it.',
    }),
    input(
      'quarantineLeaked',
      'A key whose use looks like a leak',
      yesNo('is only reported', 'is deactivated at once', policy.quarantineLeaked),
      { hint: 'Its owner is told, and one click activates it again.' },
    ),
    channelInput('auditChannel', 'Channel for signed checkpoints of the audit', channels.audit, {
      hint: 'One message a day, each hour in its thread. Leave empty to turn off. Shared channels are not allowed.',
      optional: true,
    }),
  ],
}

/** The ids of the channels, where Slack knows them. */
export type PolicyChannels = { alerts?: string | undefined; audit?: string | undefined }

const ownChannel = { hint: 'Shared channels are not allowed.' }

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
  policyOverview(workspace, [
    sentenceBlock(say`The policy of ${{ name: workspace.name }} is saved.`),
    ...uninvited.map((channel) =>
      sentenceBlock(
        say`I am not in ${{ name: `#${channel}` }}. Type ${{ code: '/invite @Keywarden' }} there.`,
      ),
    ),
  ])
