import type { SocketMode } from '../delivery/socket.ts'
import type { Method } from './method.ts'

export const auth: Record<string, Method> = {
  'api.test': {
    scopes: [],
    run: (_slack, args) => ({ args }),
  },
  'auth.test': {
    scopes: [],
    run({ world }) {
      return {
        url: `https://${world.team.domain}.slack.com/`,
        team: world.team.name,
        user: world.people.get(world.app.botUserId)!.name,
        team_id: world.team.id,
        user_id: world.app.botUserId,
        bot_id: world.app.botId,
        is_enterprise_install: false,
      }
    },
  },
  'team.info': {
    scopes: ['team:read'],
    run: ({ world }) => ({ team: { ...world.team, email_domain: 'acme.example' } }),
  },
}

/** apps.connections.open hands out addresses of this Socket Mode server. */
export function connectionsOpen(socketMode: SocketMode): Record<string, Method> {
  return {
    'apps.connections.open': {
      scopes: [],
      token: 'app',
      run: (slack) => ({ url: socketMode.newAddress(slack.url) }),
    },
  }
}
