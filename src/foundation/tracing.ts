import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'
import type { Config } from './config.ts'
import type { Database } from './database.ts'

/** Real milliseconds that an export may take with its retries, also the last one, which a stop waits for. */
const timeoutMillis = 2_000

type Handler = (request: IncomingMessage, response: ServerResponse) => void

export type Tracing = {
  /** the handler with a span around each of its requests, in which that of a query is one of its children */
  around(handler: Handler): Handler
  /** from now on a query of this database that is part of a request has a span */
  watch(db: Database): void
  /** exports what is left, and ends; gives up when the collector does not answer */
  stop(): Promise<void>
}

/** Addresses by what they begin with; a span names nothing else of an address, since a path may hold what is secret. */
const routes = [
  ...['/v1/verify', '/v1/forward-auth', '/v1/usage', '/v1/offboardings', '/scim/v2', '/slack/events'],
  ...['/healthz', '/readyz', '/metrics'],
]
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Exports a share of requests, and the queries in them, as OpenTelemetry's traces by OTLP over HTTP. Only what is named here
 * leaves: method, route, status, time, and the text of a query, whose values are parameters and are left out. Nothing is
 * taken from a request's headers, not even a trace that it claims to belong to.
 */
export function startTracing({ traces }: { traces: NonNullable<Config['traces']> }, role: string): Tracing {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'keywarden', 'service.instance.role': role }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(traces.share) }),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: traces.url, timeoutMillis }), {
        scheduledDelayMillis: 1_000,
      }),
    ],
  })
  provider.register({ propagator: null })
  const tracer = trace.getTracer('keywarden')

  function around(handler: Handler): Handler {
    return (request, response) => {
      const route = routeOf(request.url ?? '')
      const method = methods.has(request.method ?? '') ? request.method! : '_OTHER'
      const attributes = { 'http.request.method': method, 'http.route': route }
      const span = tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes })
      response.once('close', () => {
        span.setAttribute('http.response.status_code', response.statusCode)
        if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      })
      context.with(trace.setSpan(context.active(), span), () => handler(request, response))
    }
  }

  function watch(db: Database): void {
    const running = new Map<string, Span>()
    db.on('query', ({ __knexQueryUid: id, sql }: { __knexQueryUid: string; sql: string }) => {
      const parent: Context = context.active()
      if (!trace.getSpan(parent)?.isRecording()) return
      const attributes = { 'db.system.name': 'postgresql', 'db.query.text': sql.slice(0, 2_000) }
      running.set(id, tracer.startSpan('query', { kind: SpanKind.CLIENT, attributes }, parent))
    })
    const end = (id: string, isError: boolean) => {
      const span = running.get(id)
      if (isError) span?.setStatus({ code: SpanStatusCode.ERROR })
      span?.end()
      running.delete(id)
    }
    db.on('query-response', (_answer, { __knexQueryUid: id }) => end(id, false))
    // The error itself may quote a value.
    db.on('query-error', (_error, { __knexQueryUid: id }) => end(id, true))
  }

  return { around, watch, stop: () => provider.shutdown() }
}

function routeOf(url: string): string {
  const route = routes.find((one) => url.startsWith(one))
  if (!route) return 'another'
  const next = url[route.length]
  return next === undefined || next === '/' || next === '?' ? route : 'another'
}
