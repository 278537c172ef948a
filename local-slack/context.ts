import type { Call, Fault } from './contract.ts'
import type { Delivery } from './delivery/delivery.ts'
import type { Manifest } from './manifest.ts'
import type { RateLimit } from './rate-limit.ts'
import type { ResponseUrls } from './response-urls.ts'
import type { World } from './state.ts'
import type { Execution } from './steps.ts'
import type { Triggers } from './triggers.ts'

export type Clock = { now(): Date }
/** A button on the page beside the calendar: its label, how far it moves the calendar, and what it does. */
export type Action = { label: string; minutes: number; run: () => Promise<void> }
export type Advance = (by: { days: number; minutes: number }) => Promise<void>

/** The running local Slack: what is in it, and the parts that act on it. */
export type Slack = {
  url: string
  world: World
  clock: Clock
  manifest: Manifest
  botToken: string
  appToken: string
  signingSecret: string
  verificationToken: string
  triggers: Triggers
  responseUrls: ResponseUrls
  rateLimit: RateLimit
  /** limits of methods, besides that of posts by channel */
  methodLimits: Map<string, RateLimit>
  faults: Fault[]
  /** types of blocks that this workspace's plan does not have */
  refusedBlocks: Set<string>
  calls: Call[]
  delivery: Delivery
  executions: Map<string, Execution>
  /** set when the app is uninstalled: what the Web API answers to its tokens from then on */
  tokensRefused?: 'token_revoked' | 'account_inactive'
  onAdvance?: Advance
  /** what the page's own button does, where one is offered */
  action?: Action
}
