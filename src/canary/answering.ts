import { openDedicatedConnection } from '../foundation/dedicated-connection.ts'
import { lastingTrouble } from '../foundation/lasting-trouble.ts'
import type { World } from '../foundation/world.ts'
import type { Stage } from './fault.ts'

/** A notification may be lost. */
const everyMs = 5_000

/** A verifier, as it is asked about the canary. */
export type Judge = {
  /** host and process, as receipts name it */
  name: string
  incarnation(): string
  /** its verdict on the key with that token hash, from memory where it may answer from there */
  judge(tokenHash: Buffer): Promise<string>
}

type Asked = { id: string; stage: Stage; token_hash: Buffer }

const unanswered = {
  name: 'canary',
  text: `select r.id, r.stage, k.token_hash from canary_runs r join keys k on k.id = r.key_id
    where r.finished_at is null and not exists (select from canary_answers a
      where a.run_id = r.id and a.stage = r.stage and a.incarnation = $1)`,
}
const answer = {
  name: 'answer',
  text: `insert into canary_answers (run_id, stage, incarnation, verifier, code) values ($1, $2, $3, $4, $5)
    on conflict do nothing`,
}
const stopping = {
  name: 'stopping',
  text: `insert into canary_answers (run_id, stage, incarnation, verifier)
    select id, stage, $1, $2 from canary_runs where finished_at is null on conflict do nothing`,
}

/**
 * Judges the canary in this process whenever one is asked about, and writes down what this process says. One that stops
 * says so, so that nobody waits for it.
 */
export function startAnswering(
  { config, log }: Pick<World, 'config' | 'log'>,
  judge: Judge,
): { stop(): Promise<void> } {
  let underWay: Promise<void> | undefined
  let isAskedAgain = false
  let isStopped = false
  const trouble = lastingTrouble({
    begun: (error) =>
      log.warn({ event: 'canary.unanswered', error: String(error) }, 'failed to answer for the canary'),
    ended: () => log.info({ event: 'canary.answered_again' }, 'answers for the canary again'),
  })
  const connection = openDedicatedConnection(config.databaseUrl, {
    name: 'keywarden canary',
    timeoutMs: 2_000,
    onConnect: (client) => {
      client.on('notification', read)
      return client.query('listen keywarden_canary')
    },
    onLost: () => setTimeout(read, 100).unref(),
  })
  const timer = setInterval(read, everyMs)
  timer.unref()
  read()

  function read() {
    if (isStopped) return
    isAskedAgain = true
    underWay ??= readAll().finally(() => {
      underWay = undefined
    })
  }

  async function readAll() {
    while (isAskedAgain && !isStopped) {
      isAskedAgain = false
      await answerAll().then(trouble.isOver, trouble.met)
    }
  }

  async function answerAll() {
    for (const asked of await connection.query<Asked>(unanswered, [judge.incarnation()])) {
      // It may begin anew while it reads: the answer is of the incarnation that gave it.
      const incarnation = judge.incarnation()
      const code = await judgeOne(asked)
      if (judge.incarnation() === incarnation)
        await connection.query(answer, [asked.id, asked.stage, incarnation, judge.name, code])
      else isAskedAgain = true
    }
  }

  /** Before its end twice: the second time from memory, which is what must let go of it later. */
  async function judgeOne({ stage, token_hash: hash }: Asked): Promise<string> {
    const code = await judge.judge(hash)
    return stage === 'alive' && code === 'VALID' ? judge.judge(hash) : code
  }

  return {
    async stop() {
      isStopped = true
      clearInterval(timer)
      await underWay
      await connection.query(stopping, [judge.incarnation(), judge.name]).catch(() => undefined)
      await connection.close()
    },
  }
}
