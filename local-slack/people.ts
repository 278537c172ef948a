import type { Person } from './contract.ts'
import type { Fields } from './fields.ts'
import { Refusal } from './refusal.ts'
import type { World } from './state.ts'

const strangersTeam = 'T0GLOBEX01'

/** Offset of a time zone at an instant, in seconds east of UTC. */
function tzOffsetSeconds(tz: string, at: Date): number {
  const name = new Intl.DateTimeFormat('en-US', { timeZone: tz, timeZoneName: 'longOffset' })
    .formatToParts(at)
    .find((part) => part.type === 'timeZoneName')?.value
  const [, sign, hours, minutes] = /GMT([+-])(\d{2}):(\d{2})/.exec(name ?? '') ?? []
  if (!sign) return 0
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}

export function teamOf(world: World, person: Person): string {
  return person.kind === 'stranger' ? strangersTeam : world.team.id
}

function rightsOf(kind: Person['kind']): Fields {
  return {
    is_admin: kind === 'admin' || kind === 'owner' || kind === 'primary_owner',
    is_owner: kind === 'owner' || kind === 'primary_owner',
    is_primary_owner: kind === 'primary_owner',
    is_restricted: kind === 'guest',
    is_ultra_restricted: false,
    is_bot: kind === 'bot',
    is_app_user: false,
    ...(kind === 'stranger' ? { is_stranger: true } : {}),
  }
}

/** When people changed last whom nobody has changed since the workspace was made. */
const seededAt = new Date('2024-01-01')

/** A person as users.info gives them; of someone deactivated Slack gives less. */
export function userObject(world: World, person: Person, now: Date, withEmail: boolean): Fields {
  const { id, name, realName, tz, deleted, kind } = person
  const email = withEmail && person.email !== undefined && kind !== 'stranger' ? { email: person.email } : {}
  const user: Fields = {
    id,
    team_id: teamOf(world, person),
    name,
    deleted,
    profile: {
      real_name: realName,
      real_name_normalized: realName,
      display_name: name,
      display_name_normalized: name,
      title: '',
      team: teamOf(world, person),
      ...email,
      ...(kind === 'bot' ? { bot_id: world.app.botId, api_app_id: world.app.id } : {}),
    },
    is_bot: kind === 'bot',
    is_app_user: false,
    updated: Math.floor((world.changedAt.get(id) ?? seededAt).getTime() / 1000),
  }
  if (deleted) return user
  const offset = tzOffsetSeconds(tz, now)
  return {
    ...user,
    real_name: realName,
    tz,
    tz_label: tz,
    tz_offset: offset,
    color: '4bbe2e',
    ...rightsOf(kind),
  }
}

/** The person with this id. Refuses: user_not_found. */
export function findPerson(world: World, id: string | undefined): Person {
  const person = world.people.get(id ?? '')
  if (!person) throw new Refusal('user_not_found')
  return person
}

/** Whether a text mentions the app. */
export function mentionsBot(world: World, text: string): boolean {
  return text.includes(`<@${world.app.botUserId}>`)
}
