import { expiring } from './expiring.ts'
import type { Question } from './finding.ts'

/** Every kind of finding there is. */
export const questions: readonly Question[] = [expiring]
