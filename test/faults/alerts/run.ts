import { setTimeout as pause } from 'node:timers/promises'
import type { Phase } from './phases.ts'
import { openScene, type Verdict } from './scene.ts'
import { startWorkers } from './workers.ts'

export type Report = Verdict & {
  ok: boolean
  deaths: number
  slowestRecoverySeconds: number
  phases: { name: string; recoverySeconds: number }[]
}

const recoverWithinSeconds = 120

/**
 * Two workers deliver while one trouble after another befalls them. None may be lost, at most one may come twice,
 * and each must have arrived within two minutes of the trouble's end.
 */
export async function runFaults(
  phases: readonly Phase[],
  alertsPerPhase: number,
  log: (line: string) => void,
): Promise<Report> {
  const scene = await openScene()
  const workers = await startWorkers(2, scene.env)
  const timed: Report['phases'] = []
  try {
    for (const phase of phases) {
      await scene.plantKeys(alertsPerPhase, 7)
      await Promise.race([begun(), pause(4_000)])
      await phase.trouble(scene, workers)
      const recoverySeconds = await recovered()
      timed.push({ name: phase.name, recoverySeconds })
      log(`${phase.name.padEnd(48)} recovered in ${recoverySeconds.toFixed(1)} s`)
    }
    const verdict = await scene.verdict()
    const slowestRecoverySeconds = Math.max(...timed.map((one) => one.recoverySeconds))
    const ok =
      verdict.alerts === phases.length * alertsPerPhase &&
      verdict.lost === 0 &&
      verdict.duplicates <= 1 &&
      slowestRecoverySeconds <= recoverWithinSeconds &&
      workers.deaths() > 0
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
      if (seconds() > recoverWithinSeconds * 1.5) break
      await pause(50)
    }
    return seconds()
  }
}
