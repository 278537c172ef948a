import { setTimeout } from 'node:timers/promises'
import { perform } from '../../acts/perform.ts'
import { rememberEmails } from '../../directory/emails.ts'
import { isNews, type SaidOfUser } from '../../directory/slack-users.ts'
import { isRefusal, type Refusal, sentence } from '../../foundation/refusal.ts'
import { errorName, isForeign, isGuest, isOfSisterTeam, type SlackUser } from '../../foundation/slack.ts'
import { plain } from '../../foundation/words.ts'
import { membershipsOf } from '../../members/member.ts'
import { type Mode, modes, type Offboarding } from '../../offboarding/offboarding.ts'
import { type OffboardingRequest, requestOffboarding } from '../../offboarding/request.ts'
import { recordRefusedRun, stepIsOff, stepIsOffIn } from '../../offboarding/request-by-workflow.ts'
import { recordReturn } from '../../offboarding/undo.ts'
import { type Workspace, workspacesOfTeam } from '../../workspaces/workspace.ts'
import { isFullMember } from '../caller.ts'
import type { BotContext } from '../interaction.ts'
import { orAgain } from './again.ts'

const actor = { kind: 'job', id: 'slack-events' } as const

export type ChangedUser = SlackUser & {
  id: string
  /** seconds, by Slack's count */
  updated?: number
  profile?: { email?: string }
}

/**
 * Requests an offboarding when Slack deactivates a person, and ends it when they return. False when the event changes
 * nothing, being about an app or a person of another organisation.
 * @throws where the database was out, or it is not known whether it was done
 */
export async function onLeftOrReturned(
  bot: BotContext,
  teamId: string,
  user: ChangedUser,
): Promise<boolean | 'stale'> {
  const { world } = bot
  const [workspace] = await workspacesOfTeam(world.db, teamId)
  if (!workspace || user.is_bot) return false
  const { accountId } = workspace
  if (isForeign(user, teamId) && !(await hasMoved(bot, accountId, teamId, user))) return false
  const email = user.profile?.email
  const done = orAgain(
    await perform(world, actor, async (act) => {
      if (!(await isNews(act.trx, accountId, saidOf(user, teamId)))) return 'stale'
      if (typeof email === 'string' && email)
        await rememberEmails(act.trx, accountId, [{ userId: user.id, email }], act.now)
      if (user.deleted) {
        const request = { source: 'user-change', userId: user.id } as const
        return requestOffboarding(act, workspace, request, world.random)
      }
      if (isForeign(user, teamId)) return 'present'
      return (await recordReturn(act, accountId, user.id, 'slack', world.random)) ? 'returned' : 'present'
    }),
  )
  if (isRefusal(done)) return false
  if (done === 'stale') return done
  if (done !== 'present') bot.offboard()
  return true
}

/** Whether the person is out, as an event has it. */
export const saidOf = (user: ChangedUser, teamId: string): SaidOfUser => ({
  id: user.id,
  updated: user.updated,
  isOut: user.deleted === true || isGuest(user) || isForeign(user, teamId),
})

/** Somebody known here who is now in other teams of the organisation only. Of the others there nothing is kept. */
const hasMoved = async ({ world }: BotContext, accountId: string, teamId: string, user: ChangedUser) =>
  isOfSisterTeam(user, teamId) && (await membershipsOf(world.db, accountId, [user.id])).length > 0

type Step = { execution: string; inputs: Record<string, unknown> }

/**
 * Runs the workflow step "Offboard a person". The step completes when every key is refused or rotating. Wrong inputs,
 * or a policy that turns the step off, end it at once; returns the error sentence for that.
 */
export async function onOffboardingStep(
  bot: BotContext,
  teamId: string,
  step: Step,
): Promise<string | undefined> {
  const [workspace] = await workspacesOfTeam(bot.world.db, teamId)
  if (!workspace) return 'Keywarden has no workspace for this Slack team.'
  const off = await stepIsOffIn(bot.world.db, workspace.accountId)
  if (off.length > 0) return refuseRun(bot, off, step)
  const { user, mode, successor, note } = step.inputs
  if (typeof user !== 'string' || user === '') return 'The step needs to know who leaves.'
  if (mode && !modes.includes(mode as Mode)) return `The mode is one of: ${modes.join(', ')}.`
  const wrong = await unfit(bot, teamId, user, successor)
  if (wrong) return wrong
  const made = await offboard(bot, workspace, {
    source: 'workflow',
    reference: step.execution,
    userId: user,
    ...(mode ? { mode: mode as Mode } : {}),
    ...(typeof successor === 'string' && successor ? { successorId: successor } : {}),
    ...(typeof note === 'string' ? { note: note.slice(0, 300) } : {}),
  })
  if (isRefusal(made)) return plain(sentence(made))
  bot.offboard()
  return undefined
}

const maxAttempts = 4

/** Fails a step, with retries: a step that Slack never hears about shows as running for ever. */
export async function failStep(fail: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      await fail()
      return
    } catch (error) {
      const { retryAfter } = error as { retryAfter?: number }
      // Slack refuses an answer to a run that has ended.
      const isFinal = errorName(error) !== undefined && !retryAfter
      if (isFinal || attempt === maxAttempts) throw error
      await setTimeout((retryAfter ?? attempt) * 1_000)
    }
}

/** Slack may deliver a run twice; its refusal is recorded once. */
async function refuseRun(
  bot: BotContext,
  off: readonly Workspace[],
  { execution, inputs }: Step,
): Promise<string> {
  const { world } = bot
  const leaver = String(inputs.user ?? '').slice(0, 80)
  const run = { execution, leaver }
  const isFirst = await perform(world, actor, (act) => recordRefusedRun(act, off, run, world.random), {
    requestId: `step ${execution}`,
  })
  if (isFirst === true) bot.refresh(off[0]!)
  return plain(sentence(stepIsOff(off)))
}

/** Why Slack's data rules these two people out. The leaver may be a guest, or already gone. */
async function unfit(
  { web }: BotContext,
  teamId: string,
  userId: string,
  successor: unknown,
): Promise<string | undefined> {
  const { user } = await web.users.info({ user: userId }).catch((error) => {
    if (errorName(error) === 'user_not_found') return { user: undefined }
    throw error
  })
  if (!user) return 'Slack does not know whom the step names.'
  if (isForeign(user, teamId)) return 'That person belongs to another organisation.'
  if (user.is_bot) return 'That is an app; only people are offboarded.'
  if (typeof successor !== 'string' || successor === '') return undefined
  return (await isFullMember(web, successor, teamId))
    ? undefined
    : 'Whoever takes over must be a full member of your team.'
}

const offboard = (
  { world }: BotContext,
  workspace: Workspace,
  request: OffboardingRequest,
): Promise<Offboarding | Refusal> =>
  perform(world, actor, (act) => requestOffboarding(act, workspace, request, world.random))
