/** The read API. It needs a view to answer, and a log only to write. */
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import type { Publish } from '../connectors/publisher.ts'
import type { View } from '../connectors/view.ts'
import { eventRoutes } from './event-routes.ts'
import { answerFailure, answerUnknownPath, failureOf } from './failures.ts'
import { healthRoutes } from './health-routes.ts'
import { ItemMirror } from './item-mirror.ts'
import { itemRoutes } from './item-routes.ts'
import type { ServerMetrics } from './metrics.ts'
import { openapi } from './openapi.ts'
import { Pages } from './pages.ts'
import { ViewReader } from './view-reader.ts'
import { visitorRoutes } from './visitor-routes.ts'

export interface ServerConfig {
  /** The configured ones; an event of another type is refused. */
  readonly interactionTypes: Iterable<string>
  /** How far `occurredAt` may lie ahead. Default 300,000. */
  readonly maxFutureMs?: number
  /** Default 4 MiB. */
  readonly maxBodyBytes?: number
  /** Reads of the view under way beyond which an answer comes from memory. Default 256. */
  readonly maxInFlight?: number
  /** How often the mirror and the popular list look for news. Default 1,000. */
  readonly refreshMs?: number
}

export interface ServerOptions {
  readonly view: View
  /** Left out, the API only reads. */
  readonly publish?: Publish
  readonly config: ServerConfig
  readonly metrics: ServerMetrics
  readonly logger: Logger
  /** ms since the epoch. Default: the clock. */
  readonly now?: () => number
  /** What else keeps it from being ready, in words. */
  readonly problems?: () => readonly string[]
}

/** An id of 10 kB is an INVALID_ID, not an unknown path. */
const MAX_PARAM_LENGTH = 20_000
const MIB = 1_048_576

/** @returns not listening yet; `ready()` resolves when the mirror was loaded or the view found away */
export function buildServer(options: ServerOptions): FastifyInstance {
  const { view, config, metrics, logger, publish, now = Date.now, problems = () => [] } = options
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: config.maxBodyBytes ?? 4 * MIB,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: false, verbose: true } },
    frameworkErrors: answerFailure,
    clientErrorHandler(error, socket) {
      if (!socket.writable) return
      const { status, code, message } = failureOf({ statusCode: 400, message: `not an HTTP request: ${error.message}` })
      const body = JSON.stringify({ code, message })
      const type = 'content-type: application/json; charset=utf-8'
      const length = `content-length: ${Buffer.byteLength(body)}`
      socket.end(`HTTP/1.1 ${status} Bad Request\r\n${type}\r\n${length}\r\nconnection: close\r\n\r\n${body}`)
    },
  }) as unknown as FastifyInstance // narrows the logger back to the general type
  const reader = new ViewReader(view, config.maxInFlight ?? 256)
  const mirror = new ItemMirror(view)
  const services = { reader, mirror, metrics, pages: new Pages(), now }

  app.setErrorHandler(answerFailure)
  answerUnknownPath(app)
  app.removeContentTypeParser('text/plain')
  // Browsers' sendBeacon posts JSON as text/plain.
  app.addContentTypeParser('text/plain', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'))
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    metrics.requests.observe({ route, status: String(reply.statusCode) }, reply.elapsedTime / 1000)
  })

  let hasTried = false
  let isAway = false
  async function refresh() {
    try {
      await Promise.all([reader.refreshPopular(), mirror.refresh()])
      if (isAway) logger.info('the view answers again')
      isAway = false
    } catch (error) {
      if (!isAway) logger.warn({ err: error }, 'the view does not answer, answering from memory')
      isAway = true
    }
    hasTried = true
  }
  let timer: NodeJS.Timeout | undefined
  app.addHook('onReady', async () => {
    await refresh()
    let isRunning = false
    timer = setInterval(() => {
      if (isRunning) return
      isRunning = true
      void refresh().finally(() => {
        isRunning = false
      })
    }, config.refreshMs ?? 1_000).unref() // the socket keeps the process alive, not this
  })
  app.addHook('onClose', async () => clearInterval(timer))

  openapi(app)
  visitorRoutes(app, services)
  itemRoutes(app, services)
  const rules = { interactionTypes: new Set(config.interactionTypes), maxFutureMs: config.maxFutureMs ?? 300_000 }
  eventRoutes(app, services, rules, publish)
  healthRoutes(app, { ...services, view, hasTried: () => hasTried, problems })
  return app
}
