import { keywarden, type Process } from '../../setup/process.ts'
import type { RoundRobin } from './round-robin.ts'

export type Role = 'bot' | 'verify' | 'worker'

export type Fleet = {
  /** SIGTERM to the n-th process of a role, and another one in its place once it has ended */
  replace(role: Role, n: number): Promise<void>
  /** the n-th process of a role as it is now */
  process(role: Role, n: number): Process
  /** what ended other than with 0, or said something on the stream of errors */
  complaints: string[]
  stop(): Promise<void>
}

/** Many start at once, where other work may keep the machine busy. */
const startSeconds = 240
const inMs = (seconds: number) => seconds * 1000

/** Sends requests to those of its processes that are ready. */
export type Balancer = Pick<RoundRobin, 'add' | 'remove' | 'ready'>

/** So many processes of each role; those that answer requests stand behind a round robin. */
export async function openFleet(
  counts: Record<Role, number>,
  env: Record<string, string>,
  roundRobins: Partial<Record<Role, Balancer>>,
): Promise<Fleet> {
  const running = new Map<string, { process: Process; url: string }>()
  const complaints: string[] = []
  const places = Object.entries(counts).flatMap(([role, count]) =>
    Array.from({ length: count }, (_, n) => [role as Role, n] as const),
  )
  const started = await Promise.allSettled(places.map(([role, n]) => begin(role, n)))
  const failed = started.find((one) => one.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  const process = (role: Role, n: number) => running.get(`${role} ${n}`)!.process
  return { replace, process, complaints, stop }

  async function begin(role: Role, n: number): Promise<void> {
    const process = keywarden(['start', '--roles', role], env)
    running.set(`${role} ${n}`, { process, url: '' })
    await process.saysSoon(/keywarden is up/, startSeconds)
    const { url } = JSON.parse(/^.*"keywarden is up".*$/m.exec(process.said())![0])
    running.set(`${role} ${n}`, { process, url })
    const roundRobin = roundRobins[role]
    if (!roundRobin) return
    const before = roundRobin.ready()
    roundRobin.add(url)
    const deadline = Date.now() + inMs(30)
    while (roundRobin.ready() <= before && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50))
  }

  async function end(name: string): Promise<void> {
    const { process: child } = running.get(name)!
    const code = await child.stop()
    if (code !== 0) complaints.push(`${name} ended with ${code}`)
    if (child.errors()) complaints.push(`${name}: ${child.errors().slice(0, 300)}`)
    const unfinished = /"event":"process\.stop_[a-z_]+"/.exec(child.said())
    const failed = /^.*"level":"error".*$/m.exec(child.said())
    if (failed) complaints.push(`${name}: ${failed[0].slice(0, 300)}`)
    if (unfinished) complaints.push(`${name}: ${unfinished[0]}`)
  }

  async function replace(role: Role, n: number): Promise<void> {
    const { url } = running.get(`${role} ${n}`)!
    await end(`${role} ${n}`)
    roundRobins[role]?.remove(url)
    await begin(role, n)
  }

  async function stop(): Promise<void> {
    await Promise.all([...running.keys()].map(end))
  }
}
