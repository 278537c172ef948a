import type { KnownBlock, ModalView } from '@slack/types'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import type { Role } from '../../../members/member.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { context, form, input, option, select } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'

export type RolesProps = {
  workspace: Workspace
  people: readonly { userId: string; role: Role }[]
  groups: readonly { groupId: string; role: Role }[]
  /** the team's user groups to choose from */
  usergroups: readonly { id: string; name: string }[]
  /** the result of the last change */
  done?: Phrase
}

/** The roles, with a form to set one for a person or a user group. */
export function rolesForm(props: RolesProps): ModalView {
  const { workspace, usergroups } = props
  const roleOptions = [
    option('Owner: keys, roles and policy', 'owner'),
    option('Manager: keys', 'manager'),
    option('Member: sees own keys, asks for more', 'member'),
  ]
  const groupInput = (): KnownBlock =>
    input(
      'group',
      'Or a user group',
      select(usergroups.slice(0, 100).map((group) => option(group.name, group.id))),
      { optional: true, hint: 'Everyone in it, now and later. Choose Member to remove the group’s role.' },
    )
  return form(
    'Roles',
    'Set role',
    'roles.set',
    ref(workspace.id, 'roles'),
    [
      ...(props.done ? [sentenceBlock(props.done)] : []),
      sentenceBlock(currentRoles(props)),
      { type: 'divider' },
      input('person', 'Person', { type: 'users_select' }, { optional: true }),
      ...(usergroups.length > 0 ? [groupInput()] : []),
      input('role', 'Role', select(roleOptions, 'manager')),
      context('Keywarden needs at least one owner.'),
    ],
    'Close',
  )
}

function currentRoles({ people, groups, usergroups, workspace }: RolesProps): Phrase {
  const withRole = (role: Role): Phrase[] => [
    ...people.filter((one) => one.role === role).map((one): Phrase => [{ user: one.userId }]),
    ...groups
      .filter((one) => one.role === role)
      .map((one): Phrase => say`everyone in ${{ name: groupName(one.groupId, usergroups) }}`),
  ]
  const line = (title: string, role: Role): Phrase => {
    const names = withRole(role)
    return say`${title}: ${names.length > 0 ? join(names, ', ') : 'nobody'}.`
  }
  return say`${{ name: workspace.name }}\n${line('Owners', 'owner')}\n${line('Managers', 'manager')}`
}

const groupName = (id: string, usergroups: RolesProps['usergroups']) =>
  usergroups.find((group) => group.id === id)?.name ?? id
