import { followGroup } from '../../directory/user-groups.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { type Phrase, say } from '../../foundation/words.ts'
import { findMember, type Role, roles } from '../../members/member.ts'
import { listGroupRoles, listRoles, setGroupRole, setRole } from '../../workspaces/roles.ts'
import { notice, plainSection } from '../blocks.ts'
import { recipientError } from '../caller.ts'
import {
  type Handled,
  type Interaction,
  type OnCommand,
  type OnSubmit,
  type SubmitInteraction,
  textIn,
} from '../interaction.ts'
import { rolesForm } from '../messages/workspace/roles.ts'
import { performFor } from '../perform-for.ts'

/** `/keys roles` */
export const openRoles: OnCommand = (interaction) => showRoles(interaction)

async function showRoles(interaction: Interaction, done?: Phrase): Promise<Handled> {
  const { db } = interaction.bot.world
  const { workspace } = interaction.caller
  const known = await orDatabaseOut(() =>
    Promise.all([listRoles(db, workspace.id), listGroupRoles(db, workspace.id)]),
  )
  if (isRefusal(known)) return known
  const [people, groups] = known
  const usergroups = await usergroupsOf(interaction)
  await interaction.show(rolesForm({ workspace, people, groups, usergroups, ...(done ? { done } : {}) }))
}

/** The team's user groups; none on Slack's free plan, where roles are set by person. */
async function usergroupsOf({ bot }: Interaction): Promise<{ id: string; name: string }[]> {
  const { usergroups = [] } = await bot.web.usergroups.list({}).catch(() => ({ usergroups: [] }))
  return usergroups.map(({ id, name, handle }) => ({ id: id!, name: name ?? handle ?? id! }))
}

export const submitRoles: OnSubmit = async (interaction) => {
  const userId = textIn(interaction.values, 'person')
  const groupId = textIn(interaction.values, 'group')
  const role = roles.find((one) => one === textIn(interaction.values, 'role'))
  if (!role) return interaction.complain({ role: 'Choose a role.' })
  if ((userId === '') === (groupId === ''))
    return interaction.complain({ person: 'Choose a person or a user group, one of them.' })
  const { bot, caller } = interaction
  await interaction.work(notice('Roles', [plainSection('Saving...')]))
  const wrong = userId ? await recipientError(bot.world, bot.web, caller, userId) : undefined
  if (wrong) return interaction.complain({ person: wrong })
  const done = userId
    ? await givePerson(interaction, userId, role)
    : await giveGroup(interaction, groupId, role)
  if (isRefusal(done)) return done
  interaction.bot.refresh(interaction.caller.workspace)
  return showRoles(interaction, done)
}

async function givePerson(
  interaction: SubmitInteraction,
  userId: string,
  role: Role,
): Promise<Phrase | Refusal> {
  const { workspace } = interaction.caller
  const set = await performFor(interaction, (act) => setRole(act, workspace.id, userId, role), undefined, {
    changesRoles: true,
  })
  if (isRefusal(set)) return set
  // A user group may give a higher role than the one set by name.
  const now = await orDatabaseOut(() => findMember(interaction.bot.world.db, workspace.id, userId))
  if (isRefusal(now) || !now || now.role === role) return say`${{ user: userId }} is ${article(role)} now.`
  return say`${{ user: userId }} has the role of ${article(role)} by name, and stays ${article(now.role)} through a user group.`
}

async function giveGroup(
  interaction: SubmitInteraction,
  groupId: string,
  role: Role,
): Promise<Phrase | Refusal> {
  const { workspace } = interaction.caller
  const given = role === 'member' ? null : role
  const { users = [] } = given ? await interaction.bot.web.usergroups.users.list({ usergroup: groupId }) : {}
  const set = await performFor(
    interaction,
    (act) => setGroupRole(act, workspace.id, groupId, given, users),
    undefined,
    { changesRoles: true },
  )
  if (isRefusal(set)) return set
  // Until then the group gave no role, so nobody heard who came or left while it was written.
  // If Slack does not say now, the nightly comparison finds them.
  if (given) await followGroup(interaction.bot, groupId).catch(() => undefined)
  return given
    ? say`Everyone in that group is ${article(given)} now.`
    : say`That group gives no role any more.`
}

const article = (role: Role) => (role === 'owner' ? 'an owner' : `a ${role}`)
