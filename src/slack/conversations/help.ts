import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { countInbox } from '../../inbox/inbox.ts'
import { type Action, may } from '../../policy/may.ts'
import type { CommandInteraction, Handled } from '../interaction.ts'
import { type HelpLine, helpMessage, startMessage, verbHelpMessage } from '../messages/home/help.ts'
import { readerOf } from './inbox.ts'

type Helped = { verb: string; also?: string; needs?: Action; help: HelpLine }

/** `/keys help [VERB]`: only the commands that this person's role allows. */
export async function help(interaction: CommandInteraction, commands: readonly Helped[]): Promise<Handled> {
  const { caller } = interaction
  const subject = { workspaceId: caller.workspace.id }
  const allowed = commands.filter(({ verb, needs }) => verb && (!needs || may(caller.actor, needs, subject)))
  const wanted = interaction.words.toLowerCase()
  if (wanted === '') {
    const lines = allowed.map((command) => command.help)
    return interaction.say(helpMessage(caller, lines))
  }
  const one = allowed.find(({ verb, also }) => verb === wanted || also === wanted)
  if (one) return interaction.say(verbHelpMessage(one.help))
  return refuse('not_found', say`There is no command ${{ code: `/keys ${wanted.slice(0, 40)}` }}.`, {
    next: say`See ${{ code: '/keys help' }}.`,
  })
}

/** `/keys` alone. */
export async function start(interaction: CommandInteraction): Promise<Handled> {
  const { db, clock } = interaction.bot.world
  const { actor, workspace } = interaction.caller
  const count = await orDatabaseOut(() => countInbox(db, { reader: readerOf(interaction), now: clock.now() }))
  if (isRefusal(count)) return count
  const create = may(actor, 'key.issue', { workspaceId: workspace.id })
  await interaction.say(startMessage(interaction.caller, { create, request: !create }, count))
}
