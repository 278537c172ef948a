import { canary } from './canary.ts'
import { deadKeyInUse } from './dead-key-in-use.ts'
import { expiring } from './expiring.ts'
import type { Kind, Question } from './finding.ts'
import { idle } from './idle.ts'
import { leaked } from './leaked.ts'
import { offboardingLate } from './offboarding-late.ts'
import { orphaned } from './orphaned.ts'
import { rotationDue } from './rotation-due.ts'
import { sharedKey } from './shared-key.ts'
import { unconfirmed } from './unconfirmed.ts'
import { unusualUse } from './unusual-use.ts'
import { writeWithoutExpiry } from './write-without-expiry.ts'

/** Each kind of finding with its question. */
export const questions: Record<Kind, Question> = {
  expiring,
  'rotation-due': rotationDue,
  idle,
  'write-without-expiry': writeWithoutExpiry,
  orphaned,
  'unusual-use': unusualUse,
  'offboarding-late': offboardingLate,
  'shared-key': sharedKey,
  'dead-key-in-use': deadKeyInUse,
  unconfirmed,
  leaked,
  canary,
}
