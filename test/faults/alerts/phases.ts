import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Fault } from 'local-slack/contract'
import type { Scene } from './scene.ts'
import type { Workers } from './workers.ts'

/** One kind of trouble: it begins while alerts are on their way, and ends; from then on recovery is timed. */
export type Phase = { name: string; trouble(scene: Scene, workers: Workers): Promise<void> }

const dayMs = 86_400_000

const killed = (die: 'before send' | 'after send' | 'after record'): Phase => ({
  name: `kill -9 ${die}`,
  async trouble(_scene, workers) {
    workers.order({ die, among: 12 })
    await pause(4_000)
    workers.order({ die: undefined } as never)
  },
})

const slackSays = (
  name: string,
  fault: Omit<Fault, 'method' | 'times'>,
  times: number,
  ms = 3_000,
  methods = ['chat.postMessage', 'chat.update'],
): Phase => ({
  name: `Slack: ${name}`,
  async trouble(scene) {
    for (const method of methods) await scene.fault({ method, times, ...fault })
    await pause(ms)
  },
})

export const all: readonly Phase[] = [
  killed('before send'),
  killed('after send'),
  killed('after record'),
  slackSays('429', { kind: 'ratelimited', retryAfterSeconds: 2 }, 30),
  slackSays('500', { kind: 'server_error' }, 20),
  slackSays('drops the reply after accepting', { kind: 'drop_after' }, 20),
  slackSays('drops the request', { kind: 'drop_before' }, 20),
  slackSays('never answers', { kind: 'hang' }, 6, 11_000),
  slackSays('refuses blocks about some, and takes words', { kind: 'error', error: 'invalid_blocks' }, 8),
  slackSays(
    'refuses some for good, in words too',
    { kind: 'error', error: 'invalid_blocks', about: 'Unspeakable' },
    1_000_000,
    5_000,
    ['chat.postMessage'],
  ),
  { name: 'Slack: live messages are deleted in the middle', trouble: deleted },
  { name: 'Slack: a channel is archived, and back', trouble: lostChannel },
  slackSays('drops the completion of steps after accepting', { kind: 'drop_after' }, 6, 3_000, [
    'functions.completeSuccess',
  ]),
  slackSays('refuses files', { kind: 'error', error: 'file_uploads_disabled' }, 3, 3_000, [
    'files.getUploadURLExternal',
  ]),
  { name: 'Redis: FLUSHALL', trouble: flushAll },
  { name: 'Redis: restart without persistence', trouble: ({ redis }) => redis.restart() },
  { name: 'Redis: down for a day of the calendar', trouble: downForADay },
  { name: 'event loop blocked for 50 s, past every lock', trouble: blocked },
]

async function deleted(scene: Scene): Promise<void> {
  for (let n = 0; n < 5; n++) {
    await scene.deleteSome(6)
    await pause(700)
  }
}

async function lostChannel(scene: Scene): Promise<void> {
  await scene.lose(true)
  await pause(8_000)
  await scene.lose(false)
}

async function flushAll({ redis }: Scene): Promise<void> {
  const client = new Redis(redis.url)
  await client.flushall()
  client.disconnect()
}

async function downForADay(scene: Scene, workers: Workers): Promise<void> {
  await scene.redis.kill()
  scene.advance(dayMs)
  workers.order({ aheadMs: dayMs })
  await pause(3_000)
  await scene.redis.restart()
}

async function blocked(_scene: Scene, workers: Workers): Promise<void> {
  workers.orderOne({ blockMs: 50_000 })
  await pause(51_000)
}
