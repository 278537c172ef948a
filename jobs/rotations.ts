import { workOnRotations } from '../src/rotation/work.ts'
import type { JobContext } from './engine/job.ts'

/** Which rotations have progressed, are due, or have a notice to send? */
export const rotations = ({ world, board }: JobContext): Promise<void> => workOnRotations(world, board)
