/** Behind `npm start -w local-slack`: a Slack of its own until Ctrl-C, and the variables that lead to it. */
import { once } from 'node:events'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { acme } from './seed.ts'
import { startSlack } from './slack.ts'

const usage = `npm start -w local-slack -- [options]

--port N             where it listens on 127.0.0.1; any free port if not given
--manifest FILE      the app's manifest.yml: its commands, scopes, events and workflow steps; without it nothing is held back
--request-url URL    sends signed HTTP requests to this address of the app instead of Socket Mode`

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    manifest: { type: 'string' },
    'request-url': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) console.log(usage)
else await serve()

async function serve(): Promise<void> {
  let aheadMs = 0
  // npm runs this in the package's folder, and paths are meant from where npm was called.
  const from = process.env.INIT_CWD ?? process.cwd()
  const slack = await startSlack({
    clock: { now: () => new Date(Date.now() + aheadMs) },
    port: Number(values.port),
    ...(values.manifest === undefined ? {} : { manifest: resolve(from, values.manifest) }),
    page: true,
    async onAdvance({ days, minutes }) {
      aheadMs += (days * 24 * 60 + minutes) * 60_000
    },
  })
  if (values['request-url'] !== undefined) slack.deliverOverHttp(values['request-url'])
  const variables = {
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_SIGNING_SECRET: slack.signingSecret,
  }
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value}'`)
  const [somebody] = acme().people
  console.error(
    `Paste these lines into another terminal. The page: ${slack.url}/?as=${somebody!.id}\nCtrl-C ends it.`,
  )
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await slack.close()
}
