/** A process of its own that verifies at a rate until it is sent `stop`, and answers with how long each verify took. */
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { verifyOnce } from './verify-once.ts'

export type BusyOptions = { urls: string[]; tokens: string[]; perSecond: number }

process.once('disconnect', () => process.exit())
const [{ urls, tokens, perSecond }] = (await once(process, 'message')) as [BusyOptions]
process.send!('busy')
const atOnce = 10
const tookMs: number[] = []
let isOver = false
process.once('message', () => {
  isOver = true
})
for (let sent = 0; !isOver; await pause((atOnce * 1_000) / perSecond))
  for (let i = 0; i < atOnce; i++, sent++)
    void verifyOnce(urls[sent % urls.length]!, tokens[sent % tokens.length]!).then(({ ms }) =>
      tookMs.push(ms),
    )
process.send!(tookMs)
