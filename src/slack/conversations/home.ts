import type { HomeView } from '@slack/types'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { offersTo } from '../../keys/find.ts'
import { listKeys } from '../../keys/list.ts'
import { may } from '../../policy/may.ts'
import { runningRotations } from '../../rotation/rotation.ts'
import { readTrackers } from '../../rotation/tracker.ts'
import { type Preferences, prefer, readPreferences } from '../../workspaces/preferences.ts'
import { waitingRequests } from '../../workspaces/requests.ts'
import type { Caller } from '../caller.ts'
import { bareHomeView, type HomeLook, homeView, shownOnHome } from '../messages/home/home.ts'
import { isAboutContent, meaning } from '../refusals.ts'
import type { ClickStory, Conversation, Door, Story } from '../story.ts'
import { viewer } from './pick.ts'

/** The Home tab was opened: draw it, and remember who looks, so that it stays live. */
export async function openHome(door: Door, caller: Caller): Promise<Refusal | undefined> {
  const { db, clock } = door.world
  const seen = await orDatabaseOut(() =>
    prefer(db, caller.workspace.accountId, caller.actor.id, { homeSeenAt: clock.now() }),
  )
  return isRefusal(seen) ? seen : drawHome(door, caller)
}

/**
 * Publishes Home as things stand now; where Slack refuses what it holds, without all that.
 * @throws when Slack cannot be reached, fails or refuses for another reason
 */
export async function drawHome(door: Door, caller: Caller): Promise<Refusal | undefined> {
  const { db } = door.world
  const look = await orDatabaseOut(async () => {
    const preferences = await readPreferences(db, caller.workspace.accountId, caller.actor.id)
    return lookAt(door, caller, preferences)
  })
  if (isRefusal(look)) return look
  const publish = (view: HomeView) => door.web.views.publish({ user_id: caller.actor.id, view })
  await publish(homeView(look)).catch((error) => {
    if (!isAboutContent(error)) throw error
    door.world.log.error({ error: String(meaning(error)) }, 'Slack refused a Home for what it holds')
    return publish(bareHomeView(look))
  })
  return undefined
}

async function lookAt(door: Door, caller: Caller, { homeShows }: Preferences): Promise<HomeLook> {
  const { db, clock } = door.world
  const { workspace, actor } = caller
  const now = clock.now()
  const manages = may(actor, 'key.issue', { workspaceId: workspace.id })
  const shows = manages ? homeShows : 'mine'
  const who = viewer({ caller })
  const filter = shows === 'mine' ? ({ standing: 'mine' } as const) : {}
  const {
    attention: urgent,
    offers: offered,
    requests: asked,
    rotations: running,
    keys: listed,
  } = shownOnHome
  // One more than is shown tells whether there are more.
  const [attention, offers, requests, rotations, keys] = await Promise.all([
    listKeys(db, who, { standing: 'attention' }, { from: 0 }, workspace.terms, now, {
      rowCount: urgent + 1,
      counted: false,
    }),
    offersTo(db, workspace.id, actor.id, now, offered + 1),
    manages ? waitingRequests(db, workspace.id, asked + 1) : [],
    runningRotations(db, workspace.id, running + 1, manages ? undefined : actor.id),
    listKeys(db, who, filter, { from: 0 }, workspace.terms, now, { rowCount: listed, counted: false }),
  ])
  const trackers = await readTrackers(db, rotations.slice(0, running), now)
  return {
    ...{ caller, shows, attention: attention.keys, offers, requests, keys: keys.keys, more: keys.more, now },
    rotations: { trackers, more: rotations.length > running },
  }
}

/** My keys or all keys; this workspace or another. The choice is remembered. */
export const switchHome: Conversation<ClickStory> = async (story: Story & { value: string }) => {
  const { caller, door } = story
  const { value } = story
  const choice =
    value === 'mine' || value === 'all'
      ? ({ homeShows: value } as const)
      : { workspaceId: caller.workspace.id }
  const kept = await orDatabaseOut(() =>
    prefer(door.world.db, caller.workspace.accountId, caller.actor.id, choice),
  )
  return isRefusal(kept) ? kept : drawHome(door, caller)
}
