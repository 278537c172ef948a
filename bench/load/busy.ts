/** A worker thread that verifies at a rate until it is told to stop, and answers with how long each took. */
import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { verifyOnce } from './verify-once.ts'

const { urls, tokens, perSecond } = workerData as { urls: string[]; tokens: string[]; perSecond: number }
const atOnce = 10
const tookMs: number[] = []
let isOver = false
parentPort!.once('message', () => {
  isOver = true
})
for (let sent = 0; !isOver; await pause((atOnce * 1_000) / perSecond))
  for (let i = 0; i < atOnce; i++, sent++)
    void verifyOnce(urls[sent % urls.length]!, tokens[sent % tokens.length]!).then(({ ms }) =>
      tookMs.push(ms),
    )
parentPort!.postMessage(tookMs)
