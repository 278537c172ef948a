import type { Step } from './step.ts'
import { alerts } from './story-alerts.ts'
import { leaks } from './story-leak.ts'
import { lifecycle } from './story-lifecycle.ts'
import { rotation } from './story-rotation.ts'
import { secrecy } from './story-secrecy.ts'
import { usage } from './story-usage.ts'

/** What `bin/demo --check` walks through, in this order. Secrecy comes last: it looks back on everything. */
export const story: readonly Step[] = [...lifecycle, ...usage, ...rotation, ...leaks, ...alerts, ...secrecy]
