import { perform } from '../../acts/perform.ts'
import { listConnections, makeConnection, revokeConnection } from '../../directory/connections.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { connectionView, connectView } from '../messages/offboarding/connect.ts'
import type { ClickStory, CommandStory, Conversation, Story } from '../story.ts'

/** `/keys connect` */
export const openConnect: Conversation<CommandStory> = (story) => showConnections(story)

async function showConnections(story: Story): Promise<Refusal | undefined> {
  const { workspace } = story.caller
  const found = await orDatabaseOut(() => listConnections(story.door.world.db, workspace.accountId))
  if (isRefusal(found)) return found
  await story.show(connectView(workspace, found))
  return undefined
}

/** [New SCIM token], [New webhook secret]: the credential is in this one dialog. */
export const makeOne: Conversation<ClickStory> = async (story) => {
  const { world } = story.door
  const { actor, workspace } = story.caller
  const kind = story.value === 'scim' ? 'scim' : 'webhook'
  const made = await perform(world, actor, (act) => makeConnection(act, workspace, kind, world.random), {
    requestId: story.requestId,
  })
  if (isRefusal(made)) return made
  await story.show(connectionView(made.connection, made.secret))
  return undefined
}

/** [Revoke] */
export const revokeOne: Conversation<ClickStory> = async (story) => {
  const { actor, workspace } = story.caller
  const ended = await perform(
    story.door.world,
    actor,
    (act) => revokeConnection(act, workspace, story.value),
    {
      requestId: story.requestId,
    },
  )
  return isRefusal(ended) ? ended : showConnections(story)
}
