import { setTimeout as pause } from 'node:timers/promises'
import { sources } from '../../../src/slack/sources.ts'
import type { Verdict } from './judge.ts'
import type { Phase } from './phases.ts'
import { openScene } from './scene.ts'
import { startWorkers } from './workers.ts'

export type Report = Verdict & {
  ok: boolean
  deaths: number
  slowestRecoverySeconds: number
  phases: { name: string; messages: number; recoverySeconds: number; paceSeconds: number }[]
}

/** Beside the time that the pace of its channel takes. */
const recoverWithinSeconds = 120
/** Live messages are refreshed every ten seconds. */
const settleMs = 20_000

/**
 * Two workers deliver messages of every kind while one trouble after another befalls them. None may be lost or come
 * twice, each must have arrived within two minutes of the trouble's end and the time that the pace of its channel takes,
 * and the live ones must show what is true at the end.
 */
export async function runFaults(
  phases: readonly Phase[],
  messagesPerPhase: number,
  log: (line: string) => void,
): Promise<Report> {
  const scene = await openScene()
  const workers = await startWorkers(2, scene.env)
  const timed: Report['phases'] = []
  try {
    for (const [turn, phase] of phases.entries()) {
      const before = await scene.count()
      await scene.plantKeys(Math.ceil(messagesPerPhase * 0.3), 7)
      await Promise.race([begun(), pause(4_000)])
      await Promise.all([scene.tell(messagesPerPhase * 0.7, turn), phase.trouble(scene, workers)])
      const recoverySeconds = await recovered()
      const messages = (await scene.count()) - before
      const paceSeconds = await scene.paceSince(before)
      timed.push({ name: phase.name, messages, recoverySeconds, paceSeconds })
      log(
        `${phase.name.padEnd(60)} ${String(messages).padStart(5)} messages, ${recoverySeconds.toFixed(1)} s (pace ${paceSeconds} s)`,
      )
    }
    await pause(settleMs)
    const verdict = await scene.verdict()
    const slowestRecoverySeconds = Math.max(...timed.map((one) => one.recoverySeconds))
    const ok =
      verdict.lost === 0 &&
      verdict.duplicates === 0 &&
      verdict.stale === 0 &&
      verdict.unexplained === 0 &&
      Object.keys(sources).every((source) => source in verdict.sources) &&
      timed.every((one) => one.recoverySeconds <= recoverWithinSeconds + one.paceSeconds)
    return { ok, ...verdict, deaths: workers.deaths(), slowestRecoverySeconds, phases: timed }
  } finally {
    await workers.stop()
    await scene.close()
  }

  /** Faults begin while some messages are on their way. */
  async function begun(): Promise<void> {
    while ((await scene.waiting()) === 0) await pause(20)
  }

  async function recovered(): Promise<number> {
    const started = performance.now()
    const seconds = () => (performance.now() - started) / 1000
    while ((await scene.unnoticed()) > 0 || (await scene.waiting()) > 0) {
      if (seconds() > recoverWithinSeconds * 2) break
      await pause(100)
    }
    return seconds()
  }
}
