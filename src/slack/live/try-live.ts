import type { WebClient } from '@slack/web-api'
import { render } from '../../charts/render.ts'
import { newId } from '../../foundation/ids.ts'
import { historyScopes, isFullUser, openWebClient, patiently } from '../../foundation/slack.ts'
import type { World } from '../../foundation/world.ts'
import { Delay, Refused } from '../../notifications/channel.ts'
import { findChannel } from '../channels.ts'
import { findMessage } from '../post-messages.ts'
import { isAboutContent, translateError } from '../refusals.ts'
import { completeUpload, reserveUpload, sendWhenProcessed } from '../upload-chart.ts'
import { type MadeThings, madeThings, said, type Tried } from './made-things.ts'
import { type Sample, samplePicture, samples } from './samples.ts'

type Deps = Pick<World, 'config' | 'log' | 'clock' | 'random'>

export type LiveOptions = {
  /** the Slack user id of the person who gets the messages */
  to: string
  /** alert channels, by name or id */
  channels: readonly string[]
  /** the scopes that the app asks for */
  scopes: readonly string[]
  /** ends the trial early; what was posted is removed all the same */
  signal: AbortSignal
}

/**
 * Tries on Slack what the product does there: the scopes, the look-ups, and each kind of block in a direct message
 * that is posted, edited and removed. Removes all that it made, also after a failure, and changes nothing else.
 * Returns a line for each trial, in order. Slack's refusals and failures are lines, never thrown.
 */
export async function tryLive(deps: Deps, options: LiveOptions): Promise<Tried[]> {
  const web = openWebClient(deps)
  const tried: Tried[] = []
  const made = madeThings(web, deps)
  const attempt = async <T>(what: string, call: () => Promise<T>, words: (answer: T) => string) => {
    if (options.signal.aborted) return undefined
    try {
      const answer = await patiently(call)
      tried.push({ what, state: 'ok', said: words(answer) })
      return answer
    } catch (error) {
      tried.push({ what, state: 'FAIL', said: said(error) })
      return undefined
    }
  }
  try {
    const auth = await attempt(
      'auth.test',
      () => web.auth.test(),
      ({ user, team }) => `bot ${user} in ${team}`,
    )
    if (!auth) return tried
    const { history } = deps.config.slack
    tried.push(...scopeLines(options.scopes, auth.response_metadata?.scopes, history))
    const person = await attempt(
      'users.info',
      () => web.users.info({ user: options.to }),
      ({ user }) => (user?.profile?.email ? 'with an e-mail address' : 'without an e-mail address'),
    )
    await attempt(
      'usergroups.list',
      () => userGroups(web),
      (count) => `${count} ${count === 1 ? 'user group' : 'user groups'}`,
    )
    for (const name of options.channels) await tryChannel(web, name, history, attempt)
    if (person && !isFullUser(person.user, auth.team_id!)) {
      const said = `not tried: ${options.to} is not a full member of the team`
      tried.push({ what: 'messages', state: 'FAIL', said })
      return tried
    }
    const dm = await attempt(
      'conversations.open',
      async () => (await web.conversations.open({ users: options.to })).channel!.id!,
      () => `direct message with ${options.to}`,
    )
    if (dm) await tryBlocks({ web, deps, dm, options, tried, made, attempt })
  } finally {
    await made.remove()
    if (options.signal.aborted) tried.push({ what: 'the rest', state: 'FAIL', said: 'not tried: stopped' })
    tried.push(...made.leftBehind())
  }
  return tried
}

type Attempt = <T>(
  what: string,
  call: () => Promise<T>,
  words: (answer: T) => string,
) => Promise<T | undefined>

function scopeLines(wanted: readonly string[], granted: readonly string[] = [], history: boolean): Tried[] {
  return wanted.map((scope) => {
    const what = `scope ${scope}`
    const isNeeded = history || !historyScopes.includes(scope)
    if (granted.includes(scope))
      return { what, state: 'ok', said: isNeeded ? 'granted' : 'granted, and not needed: history is off' }
    return isNeeded
      ? { what, state: 'FAIL', said: 'missing; update the app from manifest.yml and reinstall it' }
      : { what, state: 'ok', said: 'not granted, and not needed: history is off' }
  })
}

async function userGroups(web: WebClient): Promise<number> {
  const { usergroups = [] } = await web.usergroups.list({})
  if (usergroups[0]) await web.usergroups.users.list({ usergroup: usergroups[0].id! })
  return usergroups.length
}

/** Reads the channel as the product would before, and where its history is searched, after a message. */
async function tryChannel(web: WebClient, name: string, history: boolean, attempt: Attempt): Promise<void> {
  const found = await attempt(
    `alert channel ${name}`,
    async () => {
      const channel = await findChannel(web, name)
      const info = await web.conversations.info({ channel })
      await web.conversations.members({ channel, limit: 1 })
      return { channel, isMember: info.channel?.is_member === true }
    },
    ({ isMember }) => (isMember ? 'the bot is in it' : 'the bot joins with the first message'),
  )
  if (!found?.isMember || !history) return
  const { channel } = found
  await attempt(
    `history of ${name}`,
    () => web.conversations.history({ channel, limit: 1, include_all_metadata: true }),
    () => 'can be searched',
  )
}

type Trial = {
  web: WebClient
  deps: Deps
  dm: string
  options: LiveOptions
  tried: Tried[]
  made: MadeThings
  attempt: Attempt
}

async function tryBlocks(trial: Trial): Promise<void> {
  const { deps, options, tried } = trial
  const [first, ...others] = samples(options.to, deps.clock.now())
  // Slack limits searches more than posts: one message is searched for.
  tried.push(await trySample(trial, first!, { posted: (ts, id) => tryHistory(trial, ts, id) }))
  for (const sample of others) {
    if (options.signal.aborted) return
    tried.push(await trySample(trial, sample))
  }
  if (!options.signal.aborted) tried.push(await tryPicture(trial))
}

/** Finds the message by the id in its metadata, as after a lost answer. */
async function tryHistory({ web, deps, dm, attempt }: Trial, ts: string, id: string): Promise<void> {
  if (!deps.config.slack.history) return
  await attempt(
    'history of direct messages',
    async () => {
      const found = await findMessage(web, dm, { id }, new Date(0))
      if (found?.ts !== ts) throw new Error('a message is not found by its id')
    },
    () => 'a message is found by its id',
  )
}

type How = {
  send?: <T>(call: () => Promise<T>) => Promise<T>
  /** called between the post and the edit */
  posted?: (ts: string, id: string) => Promise<void>
  /** what was done before */
  before?: readonly string[]
}

const explained = 'keywarden doctor --live tries this kind of message and removes it at once:'

/** Posts the sample, edits it and removes it. */
async function trySample(
  { web, deps, dm, made }: Trial,
  { what, blocks, hasWords }: Sample,
  { send = (call) => call(), posted, before = [] }: How = {},
): Promise<Tried> {
  const id = newId('live', deps.random)
  const metadata = { event_type: 'keywarden_live', event_payload: { message: id } }
  const steps = [...before]
  const line: Tried = { what, state: 'ok', said: '' }
  const step = async <T>(done: string, call: () => Promise<T>): Promise<T> => {
    const answer = await patiently(call)
    steps.push(done)
    return answer
  }
  const message = made.message(dm, id, line)
  try {
    const text = `${explained} ${what}`
    const { ts } = await step('posted', () =>
      send(() => web.chat.postMessage({ channel: dm, text, blocks, metadata })),
    )
    message.ts = ts!
    await posted?.(ts!, id)
    await step('edited', () =>
      web.chat.update({ channel: dm, ts: message.ts!, text: `${text} (edited)`, blocks }),
    )
  } catch (error) {
    const isRefused = wasRefused(error)
    message.isLost = message.ts === undefined && !isRefused
    line.state = hasWords && isAboutContent(error) ? 'warn' : 'FAIL'
    const instead = line.state === 'warn' ? '; messages say it in words instead' : ''
    steps.push(`${isRefused ? 'refused' : 'failed'}: ${said(error)}${instead}`)
  }
  await message.remove(steps)
  return line
}

/** Uploads a picture that only the app can see, as those of alerts, and shows it in a message. */
async function tryPicture(trial: Trial): Promise<Tried> {
  const { web, deps, made } = trial
  const what = 'image (uploaded)'
  const file = made.file()
  try {
    const bytes = await render(samplePicture(deps.clock.now()))
    const reserved = await patiently(() => reserveUpload(web, { filename: 'sample.png', bytes }))
    file.id = reserved.id
    await patiently(() => completeUpload(web, { filename: 'sample.png', bytes }, reserved))
  } catch (error) {
    await file.remove()
    return wasRefused(error)
      ? { what, state: 'warn', said: `upload refused: ${said(error)}; messages go without pictures` }
      : { what, state: 'FAIL', said: `upload failed: ${said(error)}` }
  }
  const image = { type: 'image' as const, slack_file: { id: file.id }, alt_text: 'a sample' }
  const sample = { what, blocks: [image], hasWords: true }
  const line = await trySample(trial, sample, { send: sendWhenProcessed, before: ['uploaded'] })
  await file.remove()
  return line
}

/** Whether Slack said no, so that nothing was done. */
function wasRefused(error: unknown): boolean {
  const meant = translateError(error)
  return meant instanceof Refused || meant instanceof Delay
}
