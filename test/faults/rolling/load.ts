import { messagesIn } from 'local-slack/inspect'
import { type PersonClient, person } from 'local-slack/person'
import {
  answerTo,
  makeKey,
  openDialog,
  people,
  press,
  said,
  security,
  submitAndSee,
} from '../../../sandbox/acting.ts'

export type Load = {
  verifies: { sent: number; slowestMs: number; failed: string[] }
  acts: { sent: number; slowestMs: number; lost: string[] }
  /** by name: each was submitted once, and its dialog said that it was made */
  made: Map<string, string>
  /** names that were approved in the channel */
  approved: string[]
  /** no new act and no new verify; resolves when those that began are over */
  stop(): Promise<void>
}

/**
 * People type, submit and press, and a platform verifies their keys, each again and again. An act is lost when Slack
 * tells the person that it failed, or when what it asked for never shows.
 */
export function openLoad(
  slack: { url: string; reload(user: string): void },
  verifyUrl: string,
  serviceToken: string,
): Load {
  const stopping = new AbortController()
  const load: Omit<Load, 'stop'> = {
    verifies: { sent: 0, slowestMs: 0, failed: [] },
    acts: { sent: 0, slowestMs: 0, lost: [] },
    made: new Map(),
    approved: [],
  }
  const owner = counted('owner')
  const loops = [
    repeat('manager', make),
    repeat('otherManager', make),
    repeat('member', askAndApprove),
    repeat('otherMember', askAndApprove),
    ...Array.from({ length: 4 }, verifyAgain),
  ]
  return {
    ...load,
    async stop() {
      stopping.abort()
      await Promise.all(loops)
    },
  }

  /** A person, each of whose acts is counted. */
  function counted(who: keyof typeof people): PersonClient {
    const client = person(slack.url, people[who])
    const count =
      <R, T extends { ok: boolean; error?: string }>(name: string, act: (request: R) => Promise<T>) =>
      async (request: R): Promise<T> => {
        const began = performance.now()
        load.acts.sent++
        const done = await act(request)
        load.acts.slowestMs = Math.max(load.acts.slowestMs, performance.now() - began)
        if (!done.ok) load.acts.lost.push(`${who}'s ${name}: ${done.error}`)
        return done
      }
    return {
      ...client,
      command: count('command', client.command),
      click: count('click', client.click),
      submit: count('submission', client.submit),
    }
  }

  async function repeat(
    who: keyof typeof people,
    act: (client: PersonClient, name: string) => Promise<void>,
  ): Promise<void> {
    const client = counted(who)
    for (let n = 1; !stopping.signal.aborted; n++) {
      const lost = load.acts.lost.length
      try {
        await act(client, `${who} ${n}`)
      } catch (error) {
        if (load.acts.lost.length === lost)
          load.acts.lost.push(`${new Date().toISOString()} ${who} ${n}: ${String(error).slice(0, 400)}`)
        slack.reload(client.id)
      }
    }
  }

  async function make(client: PersonClient, name: string): Promise<void> {
    load.made.set(name, await makeKey(client, { name }))
    await answerTo(client, 'help')
  }

  async function askAndApprove(client: PersonClient, name: string): Promise<void> {
    const form = await openDialog(client, `request ${name}`)
    const sent = await submitAndSee(client, form, { scopes: ['read'], reason: 'For the nightly sync' })
    await client.close(sent.id)
    const inChannel = (words: string) =>
      owner.waitFor((screen) => messagesIn(screen, security).findLast((one) => said(one).includes(words)))
    await press(owner, await inChannel(`requests a key for ${name}:`), 'Approve')
    load.approved.push(name)
  }

  async function verifyAgain(): Promise<void> {
    for (let n = 0; !stopping.signal.aborted; n++) {
      const tokens = [...load.made.values()]
      const token = tokens[n % tokens.length]
      if (token) await verify(token)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async function verify(key: string): Promise<void> {
    const began = performance.now()
    load.verifies.sent++
    const answer = await fetch(`${verifyUrl}/v1/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
    }).then(
      async (response) =>
        `${response.status} ${((await response.json().catch(() => ({}))) as { code?: string }).code}`,
      (error) => String(error.cause ?? error),
    )
    load.verifies.slowestMs = Math.max(load.verifies.slowestMs, performance.now() - began)
    if (answer !== '200 VALID') load.verifies.failed.push(answer)
  }
}
