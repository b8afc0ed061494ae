/** The read API alone on a core of its own: `read.ts` starts it with the URL of Redis and the namespace. */
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { RedisView } from '../connectors/redis/view.ts'
import { defaultFolds } from '../processors/options.ts'
import { buildServer } from '../server/app.ts'
import { ServerMetrics } from '../server/metrics.ts'

const [url = '', namespace = ''] = process.argv.slice(2)
const logger = pino({ level: 'warn' }, pino.destination(2))
const view = new RedisView({ url, namespace, logger, readDeadlineMs: 2_000 }) // saturated, it may wait; it shall not answer from memory
await view.check()
const app = buildServer({
  view,
  config: { interactionTypes: Object.keys(defaultFolds.weights), maxInFlight: 10_000 },
  metrics: new ServerMetrics(),
  logger,
})
await app.listen({ port: 0, host: '127.0.0.1' })
process.on('disconnect', () => process.exit(0))
process.send?.((app.server.address() as AddressInfo).port)
