import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Owner } from './directory.ts'

// Handed over as text: the server's user may not be allowed to read a file of this checkout.
const guard = readFileSync(new URL('guard.sh', import.meta.url), 'utf8')
const startSeconds = 30

/** How to run one kind of server. */
export type Recipe = {
  name: string
  /** the server's own directory, made by privateDirectory; it is removed when the server is stopped */
  directory: string
  owner?: Owner
  /** taken when given; otherwise a free one is looked for */
  port?: number
  command(port: number): string[]
  /** whether the server answers */
  isReady(running: { pid: number; port: number }): Promise<boolean>
  /** ends the server in an orderly way, keeping its data */
  restSignal: NodeJS.Signals
  /** ends the server at once, when its data is going to be removed */
  endSignal: 'QUIT' | 'KILL'
  /** what the server says when a second attempt may succeed */
  worthRetrying: RegExp
}

export type LocalServer = {
  port: number
  /** the server's process id; another one after restart() */
  pid(): number
  /** kills the server as a crash would; resolves when it is gone. restart() brings it back with its data. */
  kill(): Promise<void>
  /** ends the server in an orderly way and keeps its data; restart() brings it back */
  rest(): Promise<void>
  /** ends the server in an orderly way if it runs and starts it again on the same port with the same data */
  restart(): Promise<void>
  /** ends the server and removes its data */
  stop(): Promise<void>
}

type Run = { guard: ChildProcess; ended: Promise<unknown>; pid: number; port: number }

/**
 * Starts a server that lives no longer than this process, even if this process is killed.
 * @throws Error with the end of the server's log when it does not come up.
 */
export async function startServer(recipe: Recipe): Promise<LocalServer> {
  let run = await launch(recipe, recipe.port)
  const end = async (signal: NodeJS.Signals) => {
    if (run.guard.exitCode === null && run.guard.signalCode === null) process.kill(run.pid, signal)
    await run.ended
  }
  return {
    port: run.port,
    pid: () => run.pid,
    kill: () => end('SIGKILL'),
    rest: () => end(recipe.restSignal),
    async restart() {
      await end(recipe.restSignal)
      run = await launch(recipe, run.port)
    },
    async stop() {
      run.guard.stdin?.end()
      await run.ended
      await rm(recipe.directory, { recursive: true, force: true })
    },
  }
}

async function launch(recipe: Recipe, wantedPort: number | undefined): Promise<Run> {
  const deadline = performance.now() + startSeconds * 1000
  for (;;) {
    const run = await spawnGuard(recipe, wantedPort ?? (await freePort()))
    if (await comesUp(recipe, run, deadline)) return run
    const log = await readFile(join(recipe.directory, 'server.log'), 'utf8').catch(() => '')
    run.guard.stdin?.end()
    await run.ended
    if (performance.now() > deadline || !recipe.worthRetrying.test(log))
      throw new Error(`${recipe.name} did not start.\n${log.trim().split('\n').slice(-12).join('\n')}`)
    await pause(100)
  }
}

async function spawnGuard(recipe: Recipe, port: number): Promise<Run> {
  // Detached: Ctrl-C in the terminal must reach this process alone, which then stops its servers in order.
  const script = ['-c', guard, 'guard.sh', recipe.directory, recipe.endSignal]
  const child = spawn('/bin/sh', [...script, ...recipe.command(port)], {
    ...recipe.owner,
    cwd: recipe.directory,
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.on('error', () => {}) // closing the pipe of a guard that has ended already
  const ended = once(child, 'exit')
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [unknown]
  return { guard: child, ended, pid: Number(String(line)), port }
}

async function comesUp(recipe: Recipe, run: Run, deadline: number): Promise<boolean> {
  while (run.guard.exitCode === null && performance.now() < deadline) {
    if (await recipe.isReady(run)) return true
    await pause(20)
  }
  return false
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port could be taken')
  return address.port
}
