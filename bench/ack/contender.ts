import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type LocalSlack, startSlack } from 'local-slack'
import { person } from 'local-slack/person'
import { systemClock } from '../../src/foundation/clock.ts'

const manifest = new URL('../../manifest.yml', import.meta.url).pathname
export const managers = ['U0BRUNO002', 'U0CHIDI003']
const general = 'C0GENERAL1'

/** An app in a process of its own, and the local Slack that it answers. */
export type Contender = { slack: LocalSlack; stop(): Promise<void> }

export type Environment = Record<string, string>

/** The variables with which an app finds that Slack. */
export const slackEnvironment = (slack: LocalSlack): Environment => ({
  SLACK_API_URL: slack.apiUrl,
  SLACK_BOT_TOKEN: slack.botToken,
  SLACK_APP_TOKEN: slack.appToken,
})

export const openSlack = (): Promise<LocalSlack> => startSlack({ clock: systemClock, manifest })

/** Starts a command and resolves once it has said that it is up; `ms` is how long that took. */
export async function launch(
  command: string[],
  env: Environment,
  up: RegExp,
): Promise<{ child: ChildProcess; ms: number }> {
  const { PATH, HOME } = process.env
  const began = performance.now()
  const [program, ...args] = command as [string, ...string[]]
  const child = spawn(program, args, { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(child.stdout)) if (up.test(line)) break
  if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode} before it was up`)
  child.stdout.resume()
  return { child, ms: performance.now() - began }
}

export async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}

/**
 * Types all these commands at once, taking turns among the managers. Resolves with the milliseconds that each
 * acknowledgement took, measured at Slack from sending to hearing; throws when one failed.
 */
export async function typeAtOnce({ slack }: Contender, commands: readonly string[]): Promise<number[]> {
  slack.takeAcknowledgedMs()
  const people = managers.map((id) => person(slack.url, id))
  const outcomes = await Promise.all(
    commands.map((text, i) =>
      people[i % people.length]!.command({ channel: general, text: `/keys ${text}` }),
    ),
  )
  const failed = outcomes.find((outcome) => !outcome.ok)
  if (failed) throw new Error(`a command was not acknowledged: ${JSON.stringify(failed)}`)
  return slack.takeAcknowledgedMs()
}
