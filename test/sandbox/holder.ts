/** A process that starts both servers, says where they are, and then waits to be killed. */
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { startRedis } from '../../sandbox/services/redis.ts'

const servers = await Promise.all([startPostgres({ own: true, durable: false }), startRedis({ own: true })])
console.log(JSON.stringify(servers.map((server) => server.pid())))
