import type { RespondFn, SlashCommand } from '@slack/bolt'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { refusalMessage, refusalView } from '../messages/refusal.ts'
import { commands } from '../routes.ts'
import type { CommandStory, Door } from '../story.ts'
import { pastedToken, readCommand } from '../words.ts'
import { admit } from './admit.ts'
import { opener } from './surface.ts'

/** One `/keys ...`, already acknowledged. Answers where the person looks: the dialog it opened, or a message. */
export async function runCommand(door: Door, body: SlashCommand, respond: RespondFn): Promise<void> {
  const say = async (message: Parameters<CommandStory['say']>[0]) => void (await respond({ ...message }))
  if (pastedToken(body.text, door.world.config.tokenPrefix)) return say(refusalMessage(wholeKey))
  const typed = readCommand(body.text)
  const route = commands.find(({ verb, also }) => verb === (typed.verb || 'help') || also === typed.verb)
  if (!route) return say(refusalMessage(unknownVerb(typed.verb)))

  const dialog = opener(door, { trigger: body.trigger_id, title: route.opens })
  const claim = {
    teamId: body.team_id,
    userTeamId: body.team_id,
    userId: body.user_id,
    ...(typed.workspace ? { workspace: typed.workspace } : {}),
  }
  const caller = await admit(door, claim, route.needs)
  const refusal = isRefusal(caller)
    ? caller
    : await route.run({
        door,
        caller,
        requestId: body.trigger_id,
        words: typed.words,
        show: dialog.show,
        say,
      })
  if (!refusal || refusal.code === 'repeated') return
  if (route.opens) await dialog.show(refusalView(route.opens, refusal))
  else await say(refusalMessage(refusal))
}

const wholeKey: Refusal = refuse('invalid', 'That is a whole key. Anyone who saw it can use it.', {
  next: say`I did not keep it. Revoke it by its hint, the first characters: ${{ code: '/keys revoke tml_Ab3d' }}.`,
})

const unknownVerb = (verb: string): Refusal =>
  refuse('invalid', say`There is no ${{ code: `/keys ${verb.slice(0, 40)}` }}.`, {
    next: say`See ${{ code: '/keys help' }}.`,
  })
