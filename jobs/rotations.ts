import { workOnRotations } from '../src/rotation/work.ts'
import type { JobContext } from './engine/job.ts'

/** Which rotations have progressed, are due, or have something to say? */
export const rotations = ({ world }: JobContext): Promise<void> => workOnRotations(world)
