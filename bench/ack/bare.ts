/** The least that could answer Slack: a Bolt app that acknowledges and does nothing. */
import { App, LogLevel } from '@slack/bolt'

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: true,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
})
app.command('/keys', async ({ ack }) => {
  await ack()
})
await app.start()
console.log('up')
