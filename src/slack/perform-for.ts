import { perform } from '../acts/perform.ts'
import type { Refusal } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import type { Interaction } from './interaction.ts'

/** Runs the caller's act once, however often Slack delivers it. `step` separates acts of one interaction. */
export const performFor = <T>(
  { bot, caller, requestId }: Pick<Interaction, 'bot' | 'caller' | 'requestId'>,
  work: (act: Act) => Promise<T | Refusal>,
  step?: string,
  { changesRoles = false }: { changesRoles?: boolean } = {},
): Promise<T | Refusal> =>
  perform(bot.world, caller.actor, work, { requestId: requestOf({ requestId }, step), changesRoles })

/** The id of the request that one step of an interaction is; its receipt is asked for by it. */
export const requestOf = ({ requestId }: Pick<Interaction, 'requestId'>, step?: string): string =>
  step ? `${requestId} ${step}` : requestId
