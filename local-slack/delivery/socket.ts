import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Fields, isFields } from '../fields.ts'
import { newSecret } from '../ids.ts'
import type { Acknowledgement, Envelope, Transport } from './delivery.ts'

const maxSockets = 10
const closeWithinMilliseconds = 1_000

type Waiting = { socket: WebSocket; finish: (outcome: Acknowledgement) => void }

type Sockets = {
  appId: string
  server: WebSocketServer
  tickets: Set<string>
  open: WebSocket[]
  waiting: Map<string, Waiting>
  turn: number
}

export type SocketMode = Transport & {
  /** a single-use address for one connection, as apps.connections.open gives it */
  newAddress(baseUrl: string): string
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** asks every connection to come again, as Slack does every hour or so */
  refresh(): void
  connections(): number
  close(): Promise<void>
}

function hello(sockets: Sockets): Fields {
  return {
    type: 'hello',
    num_connections: sockets.open.length,
    connection_info: { app_id: sockets.appId },
    debug_info: { host: 'applink-local', build_number: 1, approximate_connection_time: 18060 },
  }
}

function written(id: string, envelope: Envelope): Fields {
  const { kind, payload, acceptsResponse, retry } = envelope
  const attempts = kind === 'events_api' ? { retry_attempt: retry.attempt, retry_reason: retry.reason } : {}
  return { envelope_id: id, type: kind, payload, accepts_response_payload: acceptsResponse, ...attempts }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

function welcome(sockets: Sockets, socket: WebSocket): void {
  sockets.open.push(socket)
  socket.on('message', (data) => {
    const message = parsed(String(data))
    if (!isFields(message)) return
    sockets.waiting.get(String(message.envelope_id))?.finish({ ok: true, body: message.payload })
  })
  socket.on('error', () => {}) // 'close' follows
  socket.on('close', () => {
    sockets.open.splice(sockets.open.indexOf(socket), 1)
    for (const one of sockets.waiting.values()) {
      if (one.socket === socket) one.finish({ ok: false, error: 'dispatch_failed' })
    }
  })
  socket.send(JSON.stringify(hello(sockets)))
}

function send(sockets: Sockets, envelope: Envelope, withinSeconds: number): Promise<Acknowledgement> {
  const ready = sockets.open.filter((one) => one.readyState === one.OPEN)
  const socket = ready[sockets.turn++ % ready.length]
  if (!socket) return Promise.resolve({ ok: false, error: 'dispatch_failed' })
  const id = randomUUID()
  return new Promise((resolve) => {
    const finish = (outcome: Acknowledgement) => {
      clearTimeout(timer)
      sockets.waiting.delete(id)
      resolve(outcome)
    }
    const timer = setTimeout(() => finish({ ok: false, error: 'operation_timeout' }), withinSeconds * 1000)
    sockets.waiting.set(id, { socket, finish })
    socket.send(JSON.stringify(written(id, envelope)))
  })
}

function upgrade(sockets: Sockets, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const ticket = new URL(request.url ?? '/', 'http://localhost').searchParams.get('ticket') ?? ''
  if (!sockets.tickets.delete(ticket) || sockets.open.length >= maxSockets) {
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    return
  }
  sockets.server.handleUpgrade(request, socket, head, (opened) => welcome(sockets, opened))
}

/** Closes with a handshake, and without it when the app does not answer. */
function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), closeWithinMilliseconds)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.close(1001)
  })
}

/** Slack's side of Socket Mode: up to ten sockets, each envelope to one of them, in turn. */
export function createSocketMode(appId: string, acknowledgeWithinSeconds: number): SocketMode {
  const server = new WebSocketServer({ noServer: true })
  const sockets: Sockets = { appId, server, tickets: new Set(), open: [], waiting: new Map(), turn: 0 }
  return {
    send: (envelope) => send(sockets, envelope, acknowledgeWithinSeconds),
    newAddress(baseUrl) {
      const ticket = newSecret()
      sockets.tickets.add(ticket)
      return `${baseUrl.replace('http', 'ws')}/link/?ticket=${ticket}&app_id=${appId}`
    },
    upgrade: (request, socket, head) => upgrade(sockets, request, socket, head),
    refresh() {
      for (const one of sockets.open)
        one.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }))
    },
    connections: () => sockets.open.length,
    async close() {
      await Promise.all(sockets.open.map(closed))
      server.close()
    },
  }
}
