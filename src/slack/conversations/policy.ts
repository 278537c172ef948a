import type { WebClient } from '@slack/web-api'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import { errorName } from '../../foundation/slack.ts'
import { scopes } from '../../keys/scope.ts'
import { evidences } from '../../policy/leaked.ts'
import { checkPolicy, type Policy } from '../../policy/policy.ts'
import { lacksApprover, setPolicy } from '../../workspaces/policy.ts'
import { notice, plainSection } from '../blocks.ts'
import { findChannel } from '../channels.ts'
import {
  type Handled,
  type Interaction,
  type OnClick,
  type OnCommand,
  type OnSubmit,
  type SubmitInteraction,
  textIn,
} from '../interaction.ts'
import { fieldErrors } from '../messages/refusal.ts'
import {
  type PolicySection,
  policyForm,
  policyOverview,
  policySavedView,
  policySections,
} from '../messages/workspace/policy.ts'
import { leakedPolicyForm, ruleField } from '../messages/workspace/policy-leaked.ts'
import { performFor } from '../perform-for.ts'

/** `/keys policy`: all sections on one screen; with the name of a section, its form. */
export const openPolicy: OnCommand = (interaction) => openSection(interaction, interaction.words)

/** [Change] beside a section, and [All sections] in its form. */
export const openPolicySection: OnClick = (interaction) => openSection(interaction, interaction.value)

async function openSection(interaction: Interaction, words: string): Promise<Handled> {
  const { workspace } = interaction.caller
  const section = sectionOf(words)
  if (!section) return interaction.show(policyOverview(workspace))
  if (section === 'leaked') return interaction.show(leakedPolicyForm(workspace))
  if (section !== 'alerts') return interaction.show(policyForm(workspace, section))
  const { alertChannel, auditChannel } = workspace.policy
  const found = (channel: string) => findChannel(interaction.bot.web, channel).catch(() => undefined)
  const [alerts, audit] = await Promise.all([
    found(alertChannel),
    auditChannel ? found(auditChannel) : undefined,
  ])
  await interaction.show(policyForm(workspace, section, { alerts, audit }))
}

const sectionOf = (words: string): PolicySection | undefined =>
  policySections.find((section) => section === words.trim().toLowerCase())

export const submitPolicy: OnSubmit = async (interaction) => {
  const wanted = readForm(interaction)
  const checked = checkPolicy(wanted)
  const wrong = 'wrong' in checked ? checked.wrong : []
  const complaints = wrong.map(({ rule, why }) => refuse('invalid', why, { field: rule }))
  if (!('wrong' in checked)) {
    const { db } = interaction.bot.world
    const approverError = await orDatabaseOut(() =>
      lacksApprover(db, interaction.caller.workspace.id, checked),
    )
    if (approverError && !approverError.field) return approverError
    if (approverError) complaints.push(approverError)
  }
  if (complaints.length > 0) return interaction.complain(fieldErrors(complaints))
  await interaction.work(notice('Policy', [plainSection('Saving...')]))
  const unfit = await channelErrors(interaction, wanted)
  if (Object.keys(unfit).length > 0) return interaction.complain(unfit)
  const { workspace } = interaction.caller
  const channels = await channelsAsWritten(interaction, wanted)
  const policy = await performFor(
    interaction,
    (act) => setPolicy(act, workspace.id, { ...wanted, ...channels }, interaction.metadata.split(' ').at(-1)),
    undefined,
    { changesRoles: true },
  )
  if (isRefusal(policy)) return policy
  await interaction.show(policySavedView({ ...workspace, policy }, await joinAll(interaction, policy)))
  interaction.bot.refresh({ ...workspace, policy })
}

/** The rules about leaked keys are a dialog of their own. */
export const submitLeakedPolicy: OnSubmit = async (interaction) => {
  const { workspace } = interaction.caller
  await interaction.work(notice('Leaked keys', [plainSection('Saving...')]))
  const leaked = Object.fromEntries(
    evidences.map((evidence) => [
      evidence,
      Object.fromEntries(
        scopes
          .map((scope) => [scope, textIn(interaction.values, ruleField(evidence, scope)) || 'notify'])
          .filter(([, action]) => action !== 'notify'),
      ),
    ]),
  )
  const wanted = { ...workspace.policy, leaked }
  const policy = await performFor(
    interaction,
    (act) => setPolicy(act, workspace.id, wanted, interaction.metadata),
    undefined,
    { changesRoles: true },
  )
  if (isRefusal(policy)) return policy
  await interaction.show(policySavedView({ ...workspace, policy }, []))
}

const numbers = [
  'maximumLifetimeDays',
  'rotationPeriodDays',
  'rotationWarningDays',
  'rotationDeadlineDays',
  'silentBeforeFinishHours',
  'idleDays',
  'sharedKeySystems',
  'reviewIntervalDays',
  'reviewAnswerDays',
  'noticeDays',
  'offboardingLimitMinutes',
  'offboardingBusyDays',
  'offboardingGraceDays',
] as const

const switches = ['writeNeedsApproval', 'quarantineLeaked', 'cutAtDeadline', 'offboardingByWorkflow'] as const

const texts = [
  'mustExpire',
  'idleKeys',
  'unconfirmedKeys',
  'offboardingMode',
  'offboardingUnattendedMode',
  'quietFrom',
  'quietUntil',
  'timeZone',
  'auditChannel',
] as const

/**
 * Reads a section's form as rules; those of other sections stay. A field that is not a number becomes NaN, so that the
 * check reports an error on it.
 */
function readForm({ values, caller }: SubmitInteraction): Wanted {
  const now = caller.workspace.policy
  const typed = (rule: string) => textIn(values, rule).trim()
  const read = <Rule extends string>(rules: readonly Rule[], value: (rule: Rule) => unknown) =>
    Object.fromEntries(rules.filter((rule) => rule in values).map((rule) => [rule, value(rule)]))
  return {
    ...now,
    ...read(numbers, (rule) => (/^\d{1,5}$/.test(typed(rule)) ? Number(typed(rule)) : Number.NaN)),
    ...read(switches, (rule) => typed(rule) === 'yes'),
    ...read(texts, typed),
    // Alerts always need a channel; checkpoints are optional.
    ...read(['alertChannel'], (rule) => typed(rule) || now.alertChannel),
  }
}

const channelPolicies = ['alertChannel', 'auditChannel'] as const
type ChannelRule = (typeof channelPolicies)[number]
type Wanted = Record<string, unknown> & Record<ChannelRule, string>

/** The channels that the submitted section chooses. */
const channelsIn = ({ values }: SubmitInteraction): ChannelRule[] =>
  channelPolicies.filter((rule) => rule in values)

async function channelErrors(
  interaction: SubmitInteraction,
  wanted: Wanted,
): Promise<Record<string, string>> {
  const errors: Record<string, string> = {}
  for (const rule of channelsIn(interaction)) {
    const why = wanted[rule] && (await channelComplaint(interaction, wanted[rule]))
    if (why) errors[rule] = why
  }
  return errors
}

async function channelsAsWritten(interaction: SubmitInteraction, wanted: Wanted) {
  const { bot, caller } = interaction
  const written: Partial<Record<ChannelRule, string>> = {}
  for (const rule of channelsIn(interaction))
    written[rule] = await channelWanted(bot.web, wanted[rule], caller.workspace.policy[rule])
  return written
}

/** The chosen channel, written as the rules have it when it is the same one. */
async function channelWanted(web: WebClient, chosen: string, now: string): Promise<string> {
  if (chosen === '' || now === '') return chosen
  return (await findChannel(web, now).catch(() => undefined)) === chosen ? now : chosen
}

/** Why this channel is unfit: alerts name keys and people, so outsiders must not read them. */
async function channelComplaint({ bot }: SubmitInteraction, channelId: string): Promise<string | undefined> {
  try {
    const id = await findChannel(bot.web, channelId)
    const { channel } = await bot.web.conversations.info({ channel: id })
    if (channel?.is_archived) return 'That channel is archived.'
    if (channel?.is_ext_shared)
      return 'That channel is shared with another organisation. Choose one of your own.'
    return undefined
  } catch (error) {
    return errorName(error)
      ? 'I cannot see that channel. If it is private, type /invite @Keywarden there first.'
      : 'Slack does not answer now. Try again in a minute.'
  }
}

/** Joins the public channels. Returns the names of the private ones, to which a member must invite the bot. */
async function joinAll(interaction: SubmitInteraction, policy: Policy): Promise<string[]> {
  const channels = [...new Set(channelsIn(interaction).map((rule) => policy[rule]))].filter(Boolean)
  const refused = await Promise.all(channels.map((channel) => joinChannel(interaction, channel)))
  return refused.filter((name) => name !== undefined)
}

/** Joins a public channel. Returns the name of one to which a member must invite the bot. */
export async function joinChannel(
  { bot }: SubmitInteraction,
  channelId: string,
): Promise<string | undefined> {
  const id = await findChannel(bot.web, channelId)
  const { channel } = await bot.web.conversations.info({ channel: id })
  if (channel?.is_member) return undefined
  const joined = await bot.web.conversations.join({ channel: id }).catch(() => undefined)
  return joined ? undefined : (channel?.name ?? channelId)
}
