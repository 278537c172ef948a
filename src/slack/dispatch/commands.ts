import type { RespondFn, SlashCommand } from '@slack/bolt'
import { isRefusal } from '../../foundation/refusal.ts'
import { guessed } from '../conversations/guess.ts'
import { wholeKey } from '../conversations/whole-key.ts'
import { sendOrInWords } from '../in-words.ts'
import type { BotContext, CommandInteraction } from '../interaction.ts'
import { namingWorkspace } from '../named-workspace.ts'
import { type CommandRoute, commandFor, commands } from '../routes.ts'
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
  const route: Pick<CommandRoute, 'opens' | 'needs' | 'run'> = token
    ? { run: wholeKey(token) }
    : (commandFor(typed.verb) ?? { run: guessed(typed.verb, commands) })

  const dialog = opener(bot, body.trigger_id, route)
  const claim = {
    teamId: body.team_id,
    userId: body.user_id,
    ...(typed.workspace ? { workspace: typed.workspace } : {}),
  }
  // When the dialog could not be opened, the answer goes to the channel.
  const answer: CommandInteraction['say'] = async (words) =>
    dialog.say ? dialog.say(words).catch(() => ephemeral(words)) : ephemeral(words)
  await conclude(bot, answer, async () => {
    const caller = await admit(bot, claim, route.needs)
    if (isRefusal(caller)) return caller
    const { words } = typed
    const requestId = body.trigger_id
    return route.run(
      namingWorkspace(
        { bot, caller, requestId, channelId: body.channel_id, words, show: dialog.show, say: answer },
        caller,
      ),
    )
  })
}
