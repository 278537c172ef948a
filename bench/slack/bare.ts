/** The least that shows the same: a Bolt app that answers each command and Home with blocks that it was given. */
import { readFileSync } from 'node:fs'
import { App, LogLevel } from '@slack/bolt'
import type { HomeView, KnownBlock, ModalView } from '@slack/types'

/** What Keywarden showed: the blocks by what was asked for. */
export type Shown = Record<'list' | 'filter' | 'search' | 'show' | 'home', KnownBlock[]>

const shown: Shown = JSON.parse(readFileSync(process.argv[2]!, 'utf8'))
const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: true,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
})
app.command('/keys', async ({ ack, command, respond, client }) => {
  await ack()
  const [verb, word] = command.text.split(' ')
  if (verb === 'show') {
    const view: ModalView = { type: 'modal', title: { type: 'plain_text', text: 'Key' }, blocks: shown.show }
    await client.views.open({ trigger_id: command.trigger_id, view })
  } else {
    const blocks = word === 'port' ? shown.search : word ? shown.filter : shown.list
    await respond({ text: 'Keys', blocks, response_type: 'ephemeral' })
  }
})
app.event('app_home_opened', async ({ event, client }) => {
  const view: HomeView = { type: 'home', blocks: shown.home }
  await client.views.publish({ user_id: event.user, view })
})
await app.start()
console.log('up')
