import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Slack } from './context.ts'
import type { Fields } from './fields.ts'
import { receive, typeOf } from './files.ts'
import { bodyOf, fieldsOf, sendBytes, sendJson } from './http-io.ts'
import { respond } from './interaction/response.ts'
import type { Page } from './page/build.ts'
import { personRoute } from './person-routes.ts'
import { Refusal } from './refusal.ts'
import { callMethod, faultReply, type Reply, takeFault } from './web-api/call.ts'
import type { Method } from './web-api/method.ts'

type Parts = { slack: Slack; methods: Record<string, Method>; page: () => Promise<Page | undefined> }

type Asked = { method: string; args: Fields }

/** Runs `work` under the fault that waits for this call, if any, and sends what comes of it. */
async function withFault(slack: Slack, response: ServerResponse, asked: Asked, work: () => Promise<Reply>) {
  const fault = takeFault(slack, asked.method, asked.args)
  if (fault?.kind === 'hang') return undefined
  if (fault?.kind === 'drop_before') {
    response.destroy()
    return undefined
  }
  const wait = () => pause(fault?.afterMs ?? 10_000, undefined, { ref: false })
  if (fault?.kind === 'slow') await wait()
  const works = !fault || ['drop_after', 'slow', 'late'].includes(fault.kind)
  const reply = works ? await work() : faultReply(fault)
  if (fault?.kind === 'late') await wait()
  if (fault?.kind === 'drop_after') response.destroy()
  else sendJson(response, reply.status, reply.body, reply.headers)
  return reply
}

function tokenOf(request: IncomingMessage, args: Fields): string | undefined {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  return bearer ?? (typeof args.token === 'string' ? args.token : undefined)
}

/** Arguments as they were meant: forms carry lists and objects as JSON. */
function unpacked(args: Fields): Fields {
  const entries = Object.entries(args).map(([name, value]) => {
    if (typeof value !== 'string' || !/^[[{]/.test(value)) return [name, value]
    try {
      return [name, JSON.parse(value)]
    } catch {
      return [name, value]
    }
  })
  return Object.fromEntries(entries)
}

async function api({ slack, methods }: Parts, request: IncomingMessage, response: ServerResponse, url: URL) {
  const name = url.pathname.slice('/api/'.length)
  const body = fieldsOf(await bodyOf(request), request.headers['content-type'])
  const { token: _token, ...args } = { ...Object.fromEntries(url.searchParams), ...body }
  const token = tokenOf(request, body)
  const n = (slack.calls.at(-1)?.n ?? 0) + 1
  const call = { n, method: name, args: unpacked(args), reply: {}, at: Date.now() }
  slack.calls.push(call)
  const asked = { method: name, args: call.args }
  const reply = await withFault(slack, response, asked, () =>
    callMethod(slack, name, methods[name], args, token),
  )
  call.reply = reply?.body ?? {}
}

async function response(slack: Slack, request: IncomingMessage, to: ServerResponse, url: URL) {
  const body = fieldsOf(await bodyOf(request), 'application/json')
  await withFault(slack, to, { method: 'response_url', args: body }, async () => {
    try {
      respond(slack, url.pathname, body)
      return { status: 200, headers: {}, body: { ok: true } }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const status = error.status === 200 ? 400 : error.status
      return { status, headers: {}, body: { ok: false, error: error.error, ...error.beside } }
    }
  })
}

async function upload(slack: Slack, request: IncomingMessage, to: ServerResponse, url: URL) {
  const body = await bodyOf(request)
  const type = request.headers['content-type'] ?? ''
  try {
    const bytes = type.startsWith('multipart/form-data') ? await firstFile(body, type) : body
    const file = receive(slack.world, url.pathname.split('/').at(-1) ?? '', bytes)
    sendBytes(to, 'text/plain', `OK - ${file.length}`)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    sendJson(to, error.status, { ok: false, error: error.error })
  }
}

/** The bytes of the first file of a form, which is how @slack/web-api uploads. */
async function firstFile(body: Buffer, type: string): Promise<Uint8Array> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  const file = [...form.values()].find((value) => typeof value !== 'string')
  return file === undefined ? new Uint8Array() : new Uint8Array(await file.arrayBuffer())
}

function download(slack: Slack, to: ServerResponse, url: URL): void {
  const file = slack.world.files.get(url.pathname.split('/')[2] ?? '')
  if (file?.bytes) sendBytes(to, typeOf(file), file.bytes)
  else sendJson(to, 404, { error: 'file_not_found' })
}

/** A private file for the app. Without its token and scope Slack sends its page to sign in, and no error. */
function privateFile(slack: Slack, request: IncomingMessage, to: ServerResponse, url: URL): void {
  const isApp = request.headers.authorization === `Bearer ${slack.botToken}`
  if (isApp && (slack.manifest.botScopes?.includes('files:read') ?? true)) download(slack, to, url)
  else to.writeHead(302, { location: `${slack.url}/?redir=${encodeURIComponent(url.pathname)}` }).end()
}

async function servePage(parts: Parts, to: ServerResponse, url: URL): Promise<void> {
  const page = await parts.page()
  if (!page) return sendJson(to, 404, { error: 'This local Slack was started without its page' })
  if (!url.pathname.startsWith('/page/')) return sendBytes(to, 'text/html; charset=utf-8', page.html)
  const file = page.files[url.pathname.slice('/page/'.length)]
  return file ? sendBytes(to, file.type, file.body) : sendJson(to, 404, { error: 'not_found' })
}

async function route(parts: Parts, request: IncomingMessage, to: ServerResponse): Promise<void> {
  const { slack } = parts
  const url = new URL(request.url ?? '/', 'http://localhost')
  switch (url.pathname.split('/')[1]) {
    case 'api':
      return api(parts, request, to, url)
    case 'response':
      return response(slack, request, to, url)
    case 'upload':
      return upload(slack, request, to, url)
    case 'files':
      return download(slack, to, url)
    case 'files-pri':
      return privateFile(slack, request, to, url)
    case 'person':
    case 'calendar':
    case 'action':
    case 'faults':
    case 'calls': {
      const body = fieldsOf(await bodyOf(request), 'application/json')
      const answer = await personRoute(slack, request.method ?? 'GET', url, body)
      return sendJson(to, answer.status, answer.body)
    }
    case '':
    case 'page':
    case 'archives':
      return servePage(parts, to, url)
    default:
      return sendJson(to, 404, { error: 'not_found' })
  }
}

/** The one HTTP server: Web API, response URLs, files, what a person does, and the page. */
export function createHttpServer(parts: Parts): Server {
  // A client in this process that was busy for seconds must not find its idle connection closed under its request.
  return createServer({ keepAliveTimeout: 120_000 }, (request, to) => {
    route(parts, request, to).catch((error: unknown) => {
      if (to.headersSent) return to.destroy()
      const reason = error instanceof SyntaxError ? 'invalid_json' : String(error)
      sendJson(to, error instanceof SyntaxError ? 400 : 500, { ok: false, error: reason })
    })
  })
}
