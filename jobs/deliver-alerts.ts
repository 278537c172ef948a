import type { JobContext } from './engine/job.ts'

/** Which decided alerts have not reached anybody yet? */
export const deliverAlerts = ({ deliver }: JobContext): Promise<void> => deliver()
