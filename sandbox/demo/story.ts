import type { Step } from './step.ts'
import { alerts, calendar } from './story-alerts.ts'
import { inbox } from './story-inbox.ts'
import { leaks } from './story-leak.ts'
import { lifecycle } from './story-lifecycle.ts'
import { offboarding, review } from './story-people.ts'
import { rotation } from './story-rotation.ts'
import { secrecy } from './story-secrecy.ts'
import { usage } from './story-usage.ts'

/** The steps of `bin/demo --check`, in this order. Secrecy comes last: it looks back on everything. */
export const steps: readonly Step[] = [
  ...lifecycle,
  ...usage,
  ...rotation,
  ...leaks,
  ...inbox,
  ...review,
  ...alerts,
  ...offboarding,
  ...calendar,
  ...secrecy,
]
