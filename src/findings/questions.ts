import { deadKeyInUse } from './dead-key-in-use.ts'
import { expiring } from './expiring.ts'
import type { Question } from './finding.ts'
import { idle } from './idle.ts'
import { offboardingLate } from './offboarding-late.ts'
import { orphaned } from './orphaned.ts'
import { rotationDue } from './rotation-due.ts'
import { sharedKey } from './shared-key.ts'
import { unconfirmed } from './unconfirmed.ts'
import { unusualUse } from './unusual-use.ts'
import { writeWithoutExpiry } from './write-without-expiry.ts'

/** Every kind of finding there is. */
export const questions: readonly Question[] = [
  expiring,
  rotationDue,
  idle,
  writeWithoutExpiry,
  orphaned,
  unusualUse,
  offboardingLate,
  sharedKey,
  deadKeyInUse,
  unconfirmed,
]
