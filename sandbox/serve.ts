/** Behind `npm run services`: an empty Postgres, Redis and local Slack until Ctrl-C, and the variables that lead to them. */
import { once } from 'node:events'
import { startSlack } from 'local-slack'
import { systemClock } from '../src/foundation/clock.ts'
import { general, people } from './acting.ts'
import { startPostgres } from './services/postgres.ts'
import { startRedis } from './services/redis.ts'

const manifest = new URL('../manifest.yml', import.meta.url).pathname
const [postgres, redis, slack] = await Promise.all([
  startPostgres({ own: true, durable: false, log: console.error }),
  startRedis({ own: true, log: console.error }),
  startSlack({ clock: systemClock, manifest }),
])
const variables = {
  DATABASE_URL: postgres.url,
  REDIS_URL: redis.url,
  SLACK_API_URL: slack.apiUrl,
  SLACK_BOT_TOKEN: slack.botToken,
  SLACK_APP_TOKEN: slack.appToken,
}
for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value}'`)
console.error(`Paste these lines into another terminal. Slack's page: ${slack.url}/?as=${people.owner}&channel=${general}
Ctrl-C ends all three and removes their data.`)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await Promise.all([postgres.stop(), redis.stop(), slack.close()])
