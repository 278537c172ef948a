import type { RespondFn, SlashCommand } from '@slack/bolt'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { wholeKey } from '../conversations/whole-key.ts'
import { sendOrInWords } from '../in-words.ts'
import { refusalMessage } from '../messages/refusal.ts'
import { commandFor } from '../routes.ts'
import type { CommandStory, Door } from '../story.ts'
import { pastedToken, readCommand } from '../words.ts'
import { admit } from './admit.ts'
import { conclude } from './conclude.ts'
import { opener } from './surface.ts'

/** One `/keys ...`, already acknowledged. Answers where the person looks: the dialog it opened, or a message. */
export async function runCommand(door: Door, body: SlashCommand, respond: RespondFn): Promise<void> {
  const ephemeral: CommandStory['say'] = async (words) =>
    void (await sendOrInWords(words, (form) => respond({ ...form })))
  const typed = readCommand(body.text)
  const token = pastedToken(body.text, door.world.config.tokenPrefix)
  const route = token ? { run: wholeKey(token) } : commandFor(typed.verb)
  if (!route) return ephemeral(refusalMessage(unknownVerb(typed.verb)))

  const dialog = opener(door, body.trigger_id, 'opens' in route ? route.opens : undefined)
  const claim = {
    teamId: body.team_id,
    userTeamId: body.team_id,
    userId: body.user_id,
    ...(typed.workspace ? { workspace: typed.workspace } : {}),
  }
  // A dialog that could not be opened leaves the channel to answer in.
  const answer: CommandStory['say'] = async (words) =>
    dialog.say ? dialog.say(words).catch(() => ephemeral(words)) : ephemeral(words)
  await conclude(door, answer, async () => {
    const caller = await admit(door, claim, 'needs' in route ? route.needs : undefined)
    if (isRefusal(caller)) return caller
    const { words } = typed
    const requestId = body.trigger_id
    return route.run({ door, caller, requestId, words, show: dialog.show, say: answer })
  })
}

const unknownVerb = (verb: string): Refusal =>
  refuse('invalid', say`There is no ${{ code: `/keys ${verb.slice(0, 40)}` }}.`, {
    next: say`See ${{ code: '/keys help' }}.`,
  })
