import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { type Phrase, say } from '../../foundation/words.ts'
import { findMember, type Role, roles } from '../../members/member.ts'
import { listGroupRoles, listRoles, setGroupRole, setRole } from '../../workspaces/roles.ts'
import { notice, plainSection } from '../blocks.ts'
import { whyNotGiven } from '../caller.ts'
import { rolesForm } from '../messages/workspace/roles.ts'
import { type CommandStory, type Conversation, type Story, type SubmitStory, textIn } from '../story.ts'

/** `/keys roles` */
export const openRoles: Conversation<CommandStory> = (story) => showRoles(story)

async function showRoles(story: Story, done?: Phrase): Promise<Refusal | undefined> {
  const { db } = story.door.world
  const { workspace } = story.caller
  const known = await orDatabaseOut(() =>
    Promise.all([listRoles(db, workspace.id), listGroupRoles(db, workspace.id)]),
  )
  if (isRefusal(known)) return known
  const [people, groups] = known
  const usergroups = await usergroupsOf(story)
  await story.show(rolesForm({ workspace, people, groups, usergroups, ...(done ? { done } : {}) }))
  return undefined
}

/** The team's user groups; a team without them (Slack's free plan) sets roles by person. */
async function usergroupsOf({ door }: Story): Promise<{ id: string; name: string }[]> {
  const { usergroups = [] } = await door.web.usergroups.list({}).catch(() => ({ usergroups: [] }))
  return usergroups.map(({ id, name, handle }) => ({ id: id!, name: name ?? handle ?? id! }))
}

export const submitRoles: Conversation<SubmitStory> = async (story) => {
  const userId = textIn(story.values, 'person')
  const groupId = textIn(story.values, 'group')
  const role = roles.find((one) => one === textIn(story.values, 'role'))
  if (!role) return void (await story.complain({ role: 'Choose a role.' }))
  if ((userId === '') === (groupId === ''))
    return void (await story.complain({ person: 'Choose a person or a user group, one of them.' }))
  const { door, caller } = story
  const misfit = userId ? await whyNotGiven(door.world, door.web, caller, userId) : undefined
  if (misfit) return void (await story.complain({ person: misfit }))
  await story.work(notice('Roles', [plainSection('Saving...')]))
  const done = userId ? await givePerson(story, userId, role) : await giveGroup(story, groupId, role)
  if (isRefusal(done)) return done
  story.door.settle(story.caller.workspace)
  return showRoles(story, done)
}

async function givePerson(story: SubmitStory, userId: string, role: Role): Promise<Phrase | Refusal> {
  const { actor, workspace } = story.caller
  const set = await perform(story.door.world, actor, (act) => setRole(act, workspace.id, userId, role))
  if (isRefusal(set)) return set
  // A user group may give more than what was given by name.
  const now = await orDatabaseOut(() => findMember(story.door.world.db, workspace.id, userId))
  if (isRefusal(now) || !now || now.role === role) return say`${{ user: userId }} is ${article(role)} now.`
  return say`${{ user: userId }} has the role of ${article(role)} by name, and stays ${article(now.role)} through a user group.`
}

async function giveGroup(story: SubmitStory, groupId: string, role: Role): Promise<Phrase | Refusal> {
  const { actor, workspace } = story.caller
  const given = role === 'member' ? null : role
  const { users = [] } = given ? await story.door.web.usergroups.users.list({ usergroup: groupId }) : {}
  const set = await perform(story.door.world, actor, (act) =>
    setGroupRole(act, workspace.id, groupId, given, users),
  )
  if (isRefusal(set)) return set
  return given
    ? say`Everyone in that group is ${article(given)} now.`
    : say`That group gives no role any more.`
}

const article = (role: Role) => (role === 'owner' ? 'an owner' : `a ${role}`)
