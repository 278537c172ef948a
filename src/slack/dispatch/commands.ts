import type { RespondFn, SlashCommand } from '@slack/bolt'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { wholeKey } from '../conversations/whole-key.ts'
import { sendOrInWords } from '../in-words.ts'
import type { BotContext, CommandInteraction } from '../interaction.ts'
import { refusalMessage } from '../messages/refusal.ts'
import { commandFor } from '../routes.ts'
import { pastedToken, readCommand } from '../words.ts'
import { admit } from './admit.ts'
import { conclude } from './conclude.ts'
import { opener } from './surface.ts'

/** Runs an acknowledged `/keys ...`. Answers in the dialog that it opened, or else in a message. */
export async function runCommand(bot: BotContext, body: SlashCommand, respond: RespondFn): Promise<void> {
  const ephemeral: CommandInteraction['say'] = async (words) => {
    await sendOrInWords(words, (form) => respond({ ...form }))
  }
  const typed = readCommand(body.text)
  const token = pastedToken(body.text, bot.world.config.tokenPrefix)
  const route = token ? { run: wholeKey(token) } : commandFor(typed.verb)
  if (!route) return ephemeral(refusalMessage(unknownVerb(typed.verb)))

  const dialog = opener(bot, body.trigger_id, 'opens' in route ? route.opens : undefined)
  const claim = {
    teamId: body.team_id,
    userTeamId: body.team_id,
    userId: body.user_id,
    ...(typed.workspace ? { workspace: typed.workspace } : {}),
  }
  // When the dialog could not be opened, the answer goes to the channel.
  const answer: CommandInteraction['say'] = async (words) =>
    dialog.say ? dialog.say(words).catch(() => ephemeral(words)) : ephemeral(words)
  await conclude(bot, answer, async () => {
    const caller = await admit(bot, claim, 'needs' in route ? route.needs : undefined)
    if (isRefusal(caller)) return caller
    const { words } = typed
    const requestId = body.trigger_id
    return route.run({ bot, caller, requestId, words, show: dialog.show, say: answer })
  })
}

const unknownVerb = (verb: string): Refusal =>
  refuse('invalid', say`There is no ${{ code: `/keys ${verb.slice(0, 40)}` }}.`, {
    next: say`See ${{ code: '/keys help' }}.`,
  })
