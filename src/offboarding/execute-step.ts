import type { Act } from '../members/actor.ts'

/** One transaction of an offboarding. True when it got further. */
export type Step = (act: Act, id: string) => Promise<boolean>
