import type { Channel, Person } from './contract.ts'

export type Usergroup = { id: string; handle: string; name: string; users: string[] }

/** The workspace as it starts: its people, one of whom is the bot, and its channels. */
export type Seed = {
  team: { id: string; name: string; domain: string }
  people: Person[]
  channels: Channel[]
  usergroups?: Usergroup[]
}

function someone(id: string, realName: string, kind: Person['kind'], tz: string): Person {
  const name = realName.split(' ')[0]!.toLowerCase()
  const email = kind === 'bot' ? undefined : `${name}@${kind === 'stranger' ? 'globex' : 'acme'}.example`
  return { id, name, realName, kind, email, tz, deleted: false }
}

const team: Person[] = [
  someone('U0ADA00001', 'Ada Lindqvist', 'primary_owner', 'Europe/Stockholm'),
  someone('U0BRUNO002', 'Bruno Almeida', 'member', 'Europe/Lisbon'),
  someone('U0CHIDI003', 'Chidi Eze', 'member', 'Africa/Lagos'),
  someone('U0DANA0004', 'Dana Weiss', 'member', 'America/New_York'),
  someone('U0EMRE0005', 'Emre Yildiz', 'member', 'Europe/Istanbul'),
  someone('U0FARAH006', 'Farah Haddad', 'member', 'Asia/Dubai'),
  someone('U0GUS00007', 'Gus Romero', 'member', 'America/Chicago'),
  someone('U0HANA0008', 'Hana Sato', 'guest', 'Asia/Tokyo'),
  someone('U0IVO00009', 'Ivo Petrov', 'stranger', 'Europe/Sofia'),
]

const bot = 'U0BOT00010'
const everyone = [
  ...team.filter((one) => one.kind !== 'stranger' && one.kind !== 'guest').map((one) => one.id),
  bot,
]

function channel(id: string, name: string, members: string[], more: Partial<Channel> = {}): Channel {
  return { id, name, kind: 'channel', archived: false, shared: false, members: [...members], ...more }
}

/** ACME: a primary owner, members, a guest, a Slack Connect stranger and the app's bot, which has the app's name. */
export function acme(app = 'App'): Seed {
  return structuredClone({
    team: { id: 'T0ACME0001', name: 'ACME', domain: 'acme' },
    people: [...team, someone(bot, app, 'bot', 'Etc/UTC')],
    channels: [
      channel('C0GENERAL1', 'general', everyone),
      channel('C0SECURITY', 'security-alerts', ['U0ADA00001', 'U0BRUNO002', 'U0CHIDI003', bot]),
      channel('C0PLATFORM', 'platform', [...everyone, 'U0HANA0008']),
      channel(
        'C0RANDOM01',
        'random',
        everyone.filter((id) => id !== bot),
      ),
      channel('C0LEADS001', 'leads', ['U0ADA00001', 'U0BRUNO002'], { kind: 'private' }),
      channel('C0GLOBEX01', 'ext-globex', ['U0ADA00001', 'U0BRUNO002', 'U0IVO00009', bot], {
        shared: true,
      }),
      channel('C0OLDNEWS1', 'old-launch', ['U0ADA00001', bot], { archived: true }),
    ],
    usergroups: [
      {
        id: 'S0PLATFORM',
        handle: 'platform-team',
        name: 'Platform team',
        users: ['U0BRUNO002', 'U0DANA0004'],
      },
    ],
  })
}
