import type { BotContext } from './interaction.ts'

/** A file of a message, as Slack's events describe it. */
export type SlackFile = {
  mimetype?: string
  mode?: string
  size?: number
  url_private_download?: string
}

/** A text is read up to this size; a larger file is no snippet. */
const maxBytes = 1_000_000
const maxFiles = 10
const timeoutMs = 3_000

/**
 * The contents of the text files among these. One that cannot be read, for want of the scope `files:read` or in time, is
 * left out and logged.
 */
export async function readSnippets(bot: BotContext, files: readonly SlackFile[]): Promise<string[]> {
  const texts = files.filter(isText).slice(0, maxFiles)
  const read = await Promise.all(
    texts.map((file) =>
      readSnippet(bot, file).catch((error) => {
        bot.world.log.warn(
          { event: 'leak.file_unread', error: String(error) },
          'a text file of a watched channel could not be read',
        )
        return ''
      }),
    ),
  )
  return read.filter((text) => text !== '')
}

const isText = ({ mimetype = '', mode, size = 0 }: SlackFile): boolean =>
  size <= maxBytes &&
  (mode === 'snippet' || /^text\/|[/+](json|xml|x?-?yaml|javascript|x-sh)$/.test(mimetype))

async function readSnippet(
  { world }: BotContext,
  { url_private_download: url = '' }: SlackFile,
): Promise<string> {
  const { botToken, apiUrl } = world.config.slack
  if (!isSlacks(url, apiUrl)) throw new Error('its address is not Slack’s')
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${botToken}` },
    // Without the scope Slack redirects to its page to sign in.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (!response.ok) throw new Error(`Slack answered ${response.status}`)
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > maxBytes) throw new Error('it is larger than Slack said')
  }
  return text
}

/** The bot's token goes to Slack alone, whatever an event says. */
function isSlacks(url: string, apiUrl: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, origin } = new URL(url)
  return origin === new URL(apiUrl).origin || (protocol === 'https:' && /(^|\.)slack\.com$/.test(hostname))
}
