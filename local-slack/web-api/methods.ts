import type { SocketMode } from '../delivery/socket.ts'
import { auth, connectionsOpen } from './auth.ts'
import { chat } from './chat.ts'
import { conversations } from './conversations.ts'
import { files } from './files.ts'
import { functions } from './functions.ts'
import { history } from './history.ts'
import type { Method } from './method.ts'
import { users } from './users.ts'
import { views } from './views.ts'

/** Every method of the Web API that exists here. */
export function allMethods(socketMode: SocketMode): Record<string, Method> {
  return {
    ...auth,
    ...connectionsOpen(socketMode),
    ...chat,
    ...conversations,
    ...history,
    ...users,
    ...views,
    ...files,
    ...functions,
  }
}
