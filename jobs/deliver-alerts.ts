import type { JobContext } from './engine/job.ts'

/** Which queued messages have not been delivered yet? */
export const deliverAlerts = ({ deliver }: JobContext): Promise<void> => deliver()
