import { type Phrase, say } from '../foundation/words.ts'
import { isLost, type Receipt } from './receipt.ts'

/**
 * The effect of a change: a key or a token is refused from now on, a key goes on working until an end, or a rule
 * applies to requests.
 */
export type ReceiptAbout = 'refused' | 'end' | 'rule'

const since = {
  refused: 'every request from now on is refused',
  rule: 'every request from now on goes by it',
}

/** The receipt as a sentence, the same on every surface: the proof, or the verifiers it waits for. */
export function receiptPhrase(receipt: Receipt, about: ReceiptAbout = 'refused'): Phrase {
  if (isLost(receipt))
    return say`The database does not have this change: it was undone, or lost when the database recovered. Look at the key and try again.`
  if (receipt.state === 'unknown')
    return say`I can’t yet confirm that every server has this change. I’ll keep checking.`
  if (receipt.state === 'pending') {
    const names = named(receipt.waitingFor) || 'its servers'
    return say`Saved. Waiting for ${names}; until then a check there may still ${about === 'rule' ? 'go by what was before' : 'accept it'}.`
  }
  const { confirmed, renewed, waitedOut, tookMs } = receipt
  const learnt = confirmed.length + renewed.length
  if (about === 'end')
    return say`${learnt} of ${learnt + waitedOut.length} ${servers(learnt + waitedOut.length)} confirmed when it ends.`
  if (learnt + waitedOut.length === 0) return say`No server held it in memory; ${since[about]}.`
  if (waitedOut.length === 0)
    return say`${learnt} of ${learnt} ${servers(learnt)} confirmed in ${duration(tookMs)}; ${since[about]}.`
  return say`${learnt} ${servers(learnt)} confirmed; ${named(waitedOut)} did not answer; I waited ${duration(tookMs)} until its permission ended. ${capital(since[about])}.`
}

const capital = (words: string) => words[0]!.toUpperCase() + words.slice(1)

const maxNamed = 5

const named = (names: readonly string[]): string => {
  const more = names.length - maxNamed
  return names.slice(0, maxNamed).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

const servers = (count: number) => (count === 1 ? 'server' : 'servers')

const duration = (ms: number): string =>
  ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`
