import type { WebClient } from '@slack/web-api'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import { checkPolicy, type Policy } from '../../policy/policy.ts'
import { lacksApprover, setPolicy } from '../../workspaces/policy.ts'
import { notice, plainSection } from '../blocks.ts'
import { errorName, findChannel } from '../channels.ts'
import { type OnCommand, type OnSubmit, type SubmitInteraction, textIn } from '../interaction.ts'
import { fieldErrors } from '../messages/refusal.ts'
import { policyForm, policySavedView } from '../messages/workspace/policy.ts'
import { performFor } from '../perform-for.ts'

/** `/keys policy` */
export const openPolicy: OnCommand = async (interaction) => {
  const { workspace } = interaction.caller
  const { alertChannel, auditChannel } = workspace.policy
  const found = (channel: string) => findChannel(interaction.bot.web, channel).catch(() => undefined)
  const [alerts, audit] = await Promise.all([
    found(alertChannel),
    auditChannel ? found(auditChannel) : undefined,
  ])
  await interaction.show(policyForm(workspace, { alerts, audit }))
}

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
    (act) => setPolicy(act, workspace.id, { ...wanted, ...channels }, interaction.metadata),
    undefined,
    { changesRoles: true },
  )
  if (isRefusal(policy)) return policy
  await interaction.show(policySavedView({ ...workspace, policy }, await joinAll(interaction, policy)))
  interaction.bot.refresh({ ...workspace, policy })
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

/** Reads the form as rules. A field that is not a number becomes NaN, so that the check reports an error on it. */
function readForm({ values, caller }: SubmitInteraction): Wanted {
  const now = caller.workspace.policy
  const counts = numbers.map((rule) => [
    rule,
    /^\d{1,5}$/.test(textIn(values, rule).trim()) ? Number(textIn(values, rule)) : Number.NaN,
  ])
  return {
    ...now,
    ...Object.fromEntries(counts),
    writeMustExpire: textIn(values, 'writeMustExpire'),
    writeNeedsApproval: textIn(values, 'writeNeedsApproval') === 'yes',
    idleKeys: textIn(values, 'idleKeys'),
    unconfirmedKeys: textIn(values, 'unconfirmedKeys'),
    quarantineLeaked: textIn(values, 'quarantineLeaked') === 'yes',
    cutAtDeadline: textIn(values, 'cutAtDeadline') === 'yes',
    offboardingMode: textIn(values, 'offboardingMode'),
    offboardingUnattendedMode: textIn(values, 'offboardingUnattendedMode'),
    offboardingByWorkflow: textIn(values, 'offboardingByWorkflow') === 'yes',
    quietFrom: textIn(values, 'quietFrom'),
    quietUntil: textIn(values, 'quietUntil'),
    timeZone: textIn(values, 'timeZone').trim(),
    // Alerts always need a channel; checkpoints are optional.
    alertChannel: textIn(values, 'alertChannel') || now.alertChannel,
    auditChannel: textIn(values, 'auditChannel'),
  }
}

const channelPolicies = ['alertChannel', 'auditChannel'] as const
type Wanted = Record<string, unknown> & Record<(typeof channelPolicies)[number], string>

async function channelErrors(
  interaction: SubmitInteraction,
  wanted: Wanted,
): Promise<Record<string, string>> {
  const errors: Record<string, string> = {}
  for (const rule of channelPolicies) {
    const why = wanted[rule] && (await channelComplaint(interaction, wanted[rule]))
    if (why) errors[rule] = why
  }
  return errors
}

async function channelsAsWritten({ bot, caller }: SubmitInteraction, wanted: Wanted) {
  const now = caller.workspace.policy
  return {
    alertChannel: await channelWanted(bot.web, wanted.alertChannel, now.alertChannel),
    auditChannel: await channelWanted(bot.web, wanted.auditChannel, now.auditChannel),
  }
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
  const channels = [...new Set([policy.alertChannel, policy.auditChannel].filter(Boolean))]
  const refused = await Promise.all(channels.map((channel) => join(interaction, channel)))
  return refused.filter((name) => name !== undefined)
}

async function join({ bot }: SubmitInteraction, channelId: string): Promise<string | undefined> {
  const id = await findChannel(bot.web, channelId)
  const { channel } = await bot.web.conversations.info({ channel: id })
  if (channel?.is_member) return undefined
  const joined = await bot.web.conversations.join({ channel: id }).catch(() => undefined)
  return joined ? undefined : (channel?.name ?? channelId)
}
