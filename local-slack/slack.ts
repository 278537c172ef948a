import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Action, Advance, Clock, Slack } from './context.ts'
import { createHttpDelivery, verifyRequestUrl } from './delivery/http.ts'
import { createSocketMode, type SocketMode } from './delivery/socket.ts'
import { newSecret } from './ids.ts'
import type { OtherApp } from './interaction/message-events.ts'
import { sayAsApp } from './interaction/say.ts'
import { type Manifest, readManifest } from './manifest.ts'
import type { Page } from './page/build.ts'
import { createRateLimit } from './rate-limit.ts'
import { acme, type Seed } from './seed.ts'
import { createHttpServer } from './server.ts'
import { changed, createWorld } from './state.ts'
import { createTriggers } from './triggers.ts'
import { allMethods } from './web-api/methods.ts'
import { type Workspace, workspaceOf } from './workspace.ts'

export type Options = {
  /** the calendar, which may jump: message timestamps and what people see. Trigger ids, signatures and timeouts use real time */
  clock: Clock
  /** default 0: any free port; listens on 127.0.0.1 only */
  port?: number
  /** default: `acme`, whose bot has the name that the manifest gives the app */
  seed?: Seed
  /** path of manifest.yml; without it every command exists and no scope is missing */
  manifest?: string
  onAdvance?: Advance
  /** serve the browser page at / */
  page?: boolean
  /** default 3, as in Slack */
  acknowledgeWithinSeconds?: number
  /** before each retry of an event; default 0, 60 and 300, as in Slack */
  retryDelaysSeconds?: number[]
  /** posts a second and channel; default 1 with room for a burst of 100 */
  postLimit?: { perSecond: number; burst: number }
}

export type LocalSlack = Workspace & {
  url: string
  apiUrl: string
  botToken: string
  appToken: string
  signingSecret: string
  teamId: string
  botUserId: string
  /** from now on payloads go to this URL, signed, and no longer to Socket Mode */
  deliverOverHttp(requestUrl: string): void
  /** the challenge Slack sends before it accepts a request URL; rejects when it is not answered */
  verifyRequestUrl(requestUrl: string): Promise<void>
  /** asks every socket to reconnect, as Slack does now and then */
  refreshSockets(): void
  connections(): number
  /** how long the app took to acknowledge what people did since this was last asked, in milliseconds */
  takeAcknowledgedMs(): number[]
  limitPosts(limit: { perSecond: number; burst: number }): void
  /** from now on this method is answered so often, as Slack's tiers do: 50 a minute for tier 3; unlimited before */
  limitMethod(method: string, limit: { perMinute: number }): void
  /** from now on messages with blocks of these types are refused, as on a plan or in a roll-out without them */
  refuseBlocks(types: readonly string[]): void
  /** puts a button on the page, beside the calendar */
  offerAction(action: Action): void
  /** another app posts a message, as a bot user or (legacy) without a user */
  sayAsApp(
    channel: string,
    content: { text: string; blocks?: Record<string, unknown>[] },
    app: OtherApp,
  ): Promise<void>
  /** from now on every event is delivered so often, as Slack may when it does not hear the acknowledgement */
  repeatEvents(times: number): void
  /** the app was installed without this bot scope */
  withdrawScope(scope: string): void
  close(): Promise<void>
}

async function buildPage(app: string): Promise<Page> {
  const page = await import('./page/build.ts')
  return page.buildPage(app)
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

function createSlack(
  options: Options,
  manifest: Manifest,
  socketMode: SocketMode,
  world: Slack['world'],
): Slack {
  return {
    url: '',
    world,
    clock: options.clock,
    manifest,
    botToken: `xoxb-${newSecret()}`,
    appToken: `xapp-1-${world.app.id}-${newSecret()}`,
    signingSecret: newSecret(),
    verificationToken: newSecret(12),
    triggers: createTriggers(),
    responseUrls: new Map(),
    rateLimit: createRateLimit(options.postLimit ?? { perSecond: 1, burst: 100 }),
    methodLimits: new Map(),
    faults: [],
    refusedBlocks: new Set(),
    calls: [],
    executions: new Map(),
    delivery: {
      transport: socketMode,
      retryDelaysSeconds: options.retryDelaysSeconds ?? [0, 60, 300],
      stopped: new AbortController(),
      acknowledgedMs: [],
      eventCopies: 1,
    },
    onAdvance: options.onAdvance,
  }
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function stop(slack: Slack, socketMode: SocketMode, server: Server): Promise<void> {
  slack.delivery.stopped.abort()
  changed(slack.world)
  await socketMode.close()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}

function controlsOf(slack: Slack, socketMode: SocketMode, acknowledgeWithinSeconds: number) {
  const { signingSecret, verificationToken } = slack
  const http = { signingSecret, verificationToken, acknowledgeWithinSeconds }
  return {
    deliverOverHttp(requestUrl: string) {
      slack.delivery.transport = createHttpDelivery({ ...http, requestUrl })
    },
    verifyRequestUrl: (requestUrl: string) => verifyRequestUrl({ ...http, requestUrl }),
    refreshSockets: socketMode.refresh,
    connections: socketMode.connections,
    takeAcknowledgedMs: () => slack.delivery.acknowledgedMs.splice(0),
    limitPosts(limit: { perSecond: number; burst: number }) {
      slack.rateLimit = createRateLimit(limit)
    },
    limitMethod(method: string, { perMinute }: { perMinute: number }) {
      slack.methodLimits.set(method, createRateLimit({ perSecond: perMinute / 60, burst: perMinute }))
    },
    refuseBlocks(types: readonly string[]) {
      slack.refusedBlocks = new Set(types)
    },
    offerAction(action: Action) {
      slack.action = action
    },
    sayAsApp: (channel: string, content: { text: string }, app: OtherApp) =>
      sayAsApp(slack, channel, content, app),
    repeatEvents(times: number) {
      slack.delivery.eventCopies = times
    },
    withdrawScope(scope: string) {
      slack.manifest.botScopes = slack.manifest.botScopes?.filter((one) => one !== scope)
    },
  }
}

/** Starts a Slack of one workspace on this machine, against which a Slack app runs unchanged. */
export async function startSlack(options: Options): Promise<LocalSlack> {
  const manifest = readManifest(options.manifest)
  const world = createWorld(options.seed ?? acme(manifest.name))
  const acknowledgeWithinSeconds = options.acknowledgeWithinSeconds ?? 3
  const socketMode = createSocketMode(world.app.id, acknowledgeWithinSeconds)
  const slack = createSlack(options, manifest, socketMode, world)
  const app = world.people.get(world.app.botUserId)!.realName
  const page = options.page ? once(() => buildPage(app)) : async () => undefined
  const server = createHttpServer({ slack, methods: allMethods(socketMode), page })
  server.on('upgrade', socketMode.upgrade)
  slack.url = await listen(server, options.port ?? 0)
  return {
    ...workspaceOf(slack),
    ...controlsOf(slack, socketMode, acknowledgeWithinSeconds),
    url: slack.url,
    apiUrl: `${slack.url}/api/`,
    botToken: slack.botToken,
    appToken: slack.appToken,
    signingSecret: slack.signingSecret,
    teamId: world.team.id,
    botUserId: world.app.botUserId,
    close: () => stop(slack, socketMode, server),
  }
}
