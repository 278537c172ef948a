import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A statement stopped on its way: before the server sees it, or with its reply on the way back. */
type Hold = {
  /** resolves when a statement is stopped here for the first time */
  reached: Promise<void>
  /** resolves when everything that had passed before has been answered, and so has seen nothing that happens later */
  answered: Promise<void>
  release(): void
}

/** A cable between a verifier and Postgres that can be cut, pulled, or made to hold what passes. */
export type Cable = {
  /** the same database by way of this cable */
  url: string
  /**
   * holds each statement of that name, on any connection, until it is released; one that has no name is known by its
   * text, up to the semicolon at its end
   */
  hold(statement: string, side: 'request' | 'reply'): Hold
  /** nothing passes and nothing is refused; `heal` lets everything through that waited */
  blackhole(): void
  heal(): void
  /** every connection ends at once */
  reset(): void
  /** what connects from now on reaches the server of that URL instead; what is connected stays where it is */
  lead(url: string): void
  close(): Promise<void>
}

type Rule = {
  needle: string
  side: 'request' | 'reply'
  isOpen: boolean
  reach(): void
  waiting: (() => void)[]
}

const needleOf = (statement: string) => (statement.endsWith(';') ? `${statement}\0` : `\0${statement}\0`)

/** The end of each answer of Postgres, without the byte that says whether a transaction is open. */
const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5])

export async function openCable(databaseUrl: string): Promise<Cable> {
  let target = new URL(databaseUrl)
  const rules = new Set<Rule>()
  const sockets = new Set<Socket>()
  let isCut = false
  const healed: (() => void)[] = []
  const owed = new Set<Promise<void>>()

  const passing = (): Promise<void> | undefined =>
    isCut ? new Promise((resolve) => healed.push(resolve)) : undefined
  const stopped = (rule: Rule | undefined): Promise<void> | undefined => {
    rule?.reach()
    return rule && !rule.isOpen ? new Promise((resolve) => rule.waiting.push(resolve)) : undefined
  }

  const server = createServer({ noDelay: true }, async (client) => {
    sockets.add(client)
    client.on('close', () => sockets.delete(client))
    client.on('error', () => {})
    await passing()
    const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true })
    sockets.add(upstream)
    upstream.on('error', () => {})
    upstream.on('close', () => {
      sockets.delete(upstream)
      client.destroy()
    })
    client.on('close', () => upstream.destroy())
    let replyRule: Rule | undefined
    const answers = answersOwed()
    client.on('close', answers.came)
    carry(client, upstream, async (chunk) => {
      const text = chunk.toString('latin1')
      const rule = [...rules].find((each) => !each.isOpen && text.includes(each.needle))
      if (rule?.side === 'reply') replyRule = rule
      if (rule?.side === 'request') await stopped(rule)
      answers.owe()
    })
    upstream.on('data', answers.hear)
    carry(upstream, client, async () => {
      const rule = replyRule
      await stopped(rule)
      if (replyRule === rule) replyRule = undefined
    })
  })

  /** Whether the server owes one connection an answer: from when a question passes until it is ready again. */
  function answersOwed() {
    let came: (() => void) | undefined
    let tail = Buffer.alloc(0)
    const answers = {
      owe() {
        if (came) return
        const answer = new Promise<void>((resolve) => {
          came = resolve
        })
        owed.add(answer)
        void answer.then(() => owed.delete(answer))
      },
      came() {
        came?.()
        came = undefined
      },
      hear(chunk: Buffer) {
        tail = Buffer.concat([tail, chunk]).subarray(-readyForQuery.length - 1)
        if (tail.subarray(0, -1).equals(readyForQuery)) answers.came()
      },
    }
    return answers
  }

  /** Forwards in order; each chunk waits until it may pass. */
  function carry(from: Socket, to: Socket, gate: (chunk: Buffer) => Promise<void>) {
    let last = Promise.resolve()
    from.on('data', (chunk: Buffer) => {
      last = last.then(async () => {
        await gate(chunk)
        await passing()
        if (!to.destroyed) to.write(chunk)
      })
    })
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  const heal = () => {
    isCut = false
    for (const resume of healed.splice(0)) resume()
  }
  const reset = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: url.href,
    hold(statement, side) {
      let reach = () => {}
      const reached = new Promise<void>((resolve) => {
        reach = resolve
      })
      const rule: Rule = { needle: needleOf(statement), side, isOpen: false, reach, waiting: [] }
      rules.add(rule)
      return {
        reached,
        answered: Promise.all(owed).then(() => undefined),
        release() {
          rule.isOpen = true
          rules.delete(rule)
          for (const resume of rule.waiting.splice(0)) resume()
        },
      }
    },
    blackhole() {
      isCut = true
    },
    heal,
    reset,
    lead(to) {
      target = new URL(to)
    },
    async close() {
      server.close()
      heal()
      reset()
    },
  }
}
