import { findPerson, userObject } from '../people.ts'
import { Refusal } from '../refusal.ts'
import { hasScope, type Method, paged, required } from './method.ts'

export const users: Record<string, Method> = {
  'users.info': {
    scopes: ['users:read'],
    run({ world, clock }, args, caller) {
      const person = findPerson(world, required(args, 'user'))
      return { user: userObject(world, person, clock.now(), hasScope(caller, 'users:read.email')) }
    },
  },
  'users.list': {
    scopes: ['users:read'],
    run({ world, clock }, args, caller) {
      const { page, metadata } = paged([...world.people.values()], args)
      const withEmail = hasScope(caller, 'users:read.email')
      const members = page.map((one) => userObject(world, one, clock.now(), withEmail))
      return { members, cache_ts: Math.floor(clock.now().getTime() / 1000), ...metadata }
    },
  },
  'users.lookupByEmail': {
    scopes: ['users:read.email'],
    run({ world, clock }, args) {
      const email = required(args, 'email').toLowerCase()
      const person = [...world.people.values()].find(
        (one) => one.email?.toLowerCase() === email && !one.deleted && one.kind !== 'stranger',
      )
      if (!person) throw new Refusal('users_not_found')
      return { user: userObject(world, person, clock.now(), true) }
    },
  },
  'usergroups.list': {
    scopes: ['usergroups:read'],
    run({ world }) {
      const usergroups = world.usergroups.map(({ id, handle, name, users: members }) => ({
        id,
        team_id: world.team.id,
        is_usergroup: true,
        name,
        handle,
        description: '',
        is_external: false,
        date_delete: 0,
        user_count: members.length,
        users: members,
      }))
      return { usergroups }
    },
  },
  'usergroups.users.list': {
    scopes: ['usergroups:read'],
    run({ world }, args) {
      const group = world.usergroups.find((one) => one.id === required(args, 'usergroup'))
      if (!group) throw new Refusal('no_such_subteam')
      return { users: group.users }
    },
  },
}
