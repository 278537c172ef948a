import { Gauge } from 'prom-client'
import type { JobState } from '../foundation/lateness.ts'
import { registry } from './metrics.ts'

let read: (() => Promise<JobState[]>) | undefined

new Gauge({
  name: 'keywarden_job_late_seconds',
  help: 'How late the next run of each job of the timetable is; 0 when it is on time',
  labelNames: ['job'],
  registers: [registry],
  async collect() {
    this.reset()
    // A database that is out must not take the other metrics with it.
    const states = (await read?.().catch(() => [])) ?? []
    for (const { job, lateSeconds } of states) this.set({ job }, lateSeconds)
  },
})

/** From now on a scrape shows the lateness of the jobs that this worker answers for. */
export function measureJobs(states: () => Promise<JobState[]>): void {
  read = states
}
