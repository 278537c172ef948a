import { workOnRotations } from '../src/rotation/work.ts'
import type { JobContext } from './engine/job.ts'

/** Which rotations have got further, are due, or wait for somebody who should hear of it? */
export const rotations = ({ world, board }: JobContext): Promise<void> => workOnRotations(world, board)
