import { type Action, may } from '../../policy/may.ts'
import { type HelpLine, helpMessage } from '../messages/help.ts'
import type { CommandStory } from '../story.ts'

/** `/keys help`: only what this person's role may use. */
export async function help(
  { caller, say }: CommandStory,
  commands: readonly { needs?: Action; help: HelpLine }[],
): Promise<undefined> {
  const subject = { workspaceId: caller.workspace.id }
  const allowed = commands.filter(({ needs }) => !needs || may(caller.actor, needs, subject))
  await say(
    helpMessage(
      caller,
      allowed.map((command) => command.help),
    ),
  )
  return undefined
}
