import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Fields, isFields } from '../fields.ts'
import { newSecret } from '../ids.ts'
import type { Acknowledgement, Envelope, Transport } from './delivery.ts'

const mostSockets = 10
const closeWithinMilliseconds = 1_000

type Waiting = { socket: WebSocket; settle: (outcome: Acknowledgement) => void }

export type SocketMode = Transport & {
  /** a single-use address for one connection, as apps.connections.open gives it */
  newAddress(baseUrl: string): string
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** asks one or all connections to come again, as Slack does every hour or so */
  refresh(): void
  connections(): number
  close(): Promise<void>
}

/** Slack's side of Socket Mode: up to ten sockets, each envelope to one of them, in turn. */
export function createSocketMode(appId: string, acknowledgeWithinSeconds: number): SocketMode {
  const server = new WebSocketServer({ noServer: true })
  const tickets = new Set<string>()
  const sockets: WebSocket[] = []
  const waiting = new Map<string, Waiting>()
  let turn = 0

  function acknowledged(data: string): void {
    const message = parsed(data)
    if (!isFields(message) || typeof message.envelope_id !== 'string') return
    waiting.get(message.envelope_id)?.settle({ ok: true, body: message.payload })
  }

  function welcome(socket: WebSocket): void {
    sockets.push(socket)
    socket.on('message', (data) => acknowledged(String(data)))
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.splice(sockets.indexOf(socket), 1)
      for (const one of waiting.values()) {
        if (one.socket === socket) one.settle({ ok: false, error: 'dispatch_failed' })
      }
    })
    socket.send(JSON.stringify(hello(appId, sockets.length)))
  }

  function send(envelope: Envelope): Promise<Acknowledgement> {
    const open = sockets.filter((one) => one.readyState === one.OPEN)
    const socket = open[turn++ % open.length]
    if (!socket) return Promise.resolve({ ok: false, error: 'dispatch_failed' })
    const id = randomUUID()
    return new Promise((resolve) => {
      const settle = (outcome: Acknowledgement) => {
        clearTimeout(timer)
        waiting.delete(id)
        resolve(outcome)
      }
      const late = () => settle({ ok: false, error: 'operation_timeout' })
      const timer = setTimeout(late, acknowledgeWithinSeconds * 1000)
      waiting.set(id, { socket, settle })
      socket.send(JSON.stringify(written(id, envelope)))
    })
  }

  return {
    send,
    newAddress(baseUrl) {
      const ticket = newSecret()
      tickets.add(ticket)
      return `${baseUrl.replace('http', 'ws')}/link/?ticket=${ticket}&app_id=${appId}`
    },
    upgrade(request, socket, head) {
      const ticket = new URL(request.url ?? '/', 'http://localhost').searchParams.get('ticket') ?? ''
      if (!tickets.delete(ticket) || sockets.length >= mostSockets) {
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
        return
      }
      server.handleUpgrade(request, socket, head, welcome)
    },
    refresh() {
      for (const one of sockets) one.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }))
    },
    connections: () => sockets.length,
    async close() {
      await Promise.all(sockets.map(closed))
      server.close()
    },
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
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

function hello(appId: string, connections: number): Fields {
  return {
    type: 'hello',
    num_connections: connections,
    connection_info: { app_id: appId },
    debug_info: { host: 'applink-local', build_number: 1, approximate_connection_time: 18060 },
  }
}

function written(id: string, envelope: Envelope): Fields {
  const { kind, payload, acceptsResponse, retry } = envelope
  const attempts = kind === 'events_api' ? { retry_attempt: retry.attempt, retry_reason: retry.reason } : {}
  return { envelope_id: id, type: kind, payload, accepts_response_payload: acceptsResponse, ...attempts }
}
