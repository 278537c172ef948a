import { badStreak, goodSince } from '../canary/runs.ts'
import { noticed } from './ended.ts'
import type { Fact, Question, Resolution } from './finding.ts'

/**
 * Asks whether the canary was not judged rightly, or not in time, since it last was. The fact is about the key of the first
 * such run, so that a trouble which lasts is one finding.
 */
export const canary: Question = {
  kind: 'canary',
  moves: true,
  edits: true,
  ended: (trx, gone, now): Promise<Resolution[]> =>
    Promise.all(
      gone.map(async ({ workspaceId, openedAt }) => {
        const at = await goodSince(trx, workspaceId, openedAt)
        return at ? noticed('righted', at) : noticed('renewed', now)
      }),
    ),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const streak = await badStreak(trx, workspace.id, now)
    if (!streak) return []
    const { first, last, runs, wrong } = streak
    const step = wrong > 0 ? 'wrong' : 'late'
    return [
      {
        keyId: first.keyId,
        step,
        level: wrong > 0 ? 1 : 0,
        severity: 'critical',
        facts: { faults: last.faults, runs, at: last.beganAt.toISOString() },
      },
    ]
  },
}
