import { setTimeout as pause } from 'node:timers/promises'
import type { WebClient } from '@slack/web-api'
import { errorName, patiently } from '../../foundation/slack.ts'
import type { World } from '../../foundation/world.ts'
import { findMessage } from '../post-messages.ts'
import { answerInFull } from '../refusals.ts'

/** A trial and its outcome: `FAIL` where the product needs what Slack refused, `warn` where it has a replacement. */
export type Tried = { what: string; state: 'ok' | 'warn' | 'FAIL'; said: string }

type MadeMessage = {
  ts?: string
  /** it is unknown whether it was posted */
  isLost?: boolean
  /** tries to remove it, unless it is lost, and says so in its line after these steps */
  remove(steps: readonly string[]): Promise<void>
}

export type MadeThings = {
  message(channel: string, id: string, line: Tried): MadeMessage
  file(): { id?: string; remove(): Promise<void> }
  /** removes everything that is left, in up to three attempts */
  remove(): Promise<void>
  leftBehind(): Tried[]
}

/** Milliseconds before each further attempt to remove what could not be removed. Real time. */
const removeAgainMs = [200, 1_000]

/** Keeps track of the messages and files of a trial until they are removed. */
export function madeThings(web: WebClient, { config }: Pick<World, 'config'>): MadeThings {
  type Thing = { name: () => string; error?: unknown; remove: () => Promise<void>; onGone: () => void }
  const things = new Set<Thing>()

  async function removeThing(thing: Thing): Promise<void> {
    try {
      await patiently(thing.remove)
      things.delete(thing)
      thing.onGone()
    } catch (error) {
      thing.error = error
    }
  }

  async function removeMessage(channel: string, id: string, message: MadeMessage): Promise<void> {
    if (message.isLost) {
      if (!config.slack.history) throw new Error('it is unknown whether it was posted, and history is off')
      message.ts = (await findMessage(web, channel, { id }, new Date(0)))?.ts
    }
    if (message.ts)
      await unlessGone(/^message_not_found$/, () => web.chat.delete({ channel, ts: message.ts! }))
  }

  return {
    message(channel, id, line) {
      let steps: readonly string[] = []
      const thing: Thing = {
        name: () => `message ${message.ts ?? id} (${line.what}) in ${channel}`,
        remove: () => removeMessage(channel, id, message),
        onGone() {
          line.said = [...steps, ...(message.ts ? ['removed'] : [])].join(', ')
        },
      }
      const message: MadeMessage = {
        async remove(done) {
          steps = done
          line.said = steps.join(', ')
          // A lost message may still arrive, so it is searched for at the end.
          if (!message.isLost) await removeThing(thing)
        },
      }
      things.add(thing)
      return message
    },
    file() {
      const thing: Thing = {
        name: () => `file ${file.id}`,
        remove: async () => {
          const { id } = file
          if (id) await unlessGone(/^file_(not_found|deleted)$/, () => web.files.delete({ file: id }))
        },
        onGone: () => undefined,
      }
      const file: { id?: string; remove(): Promise<void> } = { remove: () => removeThing(thing) }
      things.add(thing)
      return file
    },
    async remove() {
      for (const waitMs of [0, ...removeAgainMs]) {
        if (things.size === 0) return
        await pause(waitMs)
        for (const thing of things) await removeThing(thing)
      }
    },
    leftBehind: () =>
      [...things].map((thing) => ({
        what: 'left behind',
        state: 'FAIL',
        said: `${thing.name()}: ${said(thing.error)}; remove it by hand`,
      })),
  }
}

async function unlessGone(name: RegExp, call: () => Promise<unknown>): Promise<void> {
  try {
    await call()
  } catch (error) {
    if (!name.test(errorName(error) ?? '')) throw error
  }
}

/** Slack's error with its details, or the reason why there was no answer. */
export function said(error: unknown): string {
  const { data, message } = error as Error & { data?: { error?: string; needed?: string } }
  if (!data?.error) return message
  return data.needed ? `${data.error} (needs ${data.needed})` : answerInFull(data.error, error)
}
