/** `freshet serve`: the read API alone, on Kafka and Redis; without Redis it fills a view of its own from the log. */
import { ServerMetrics } from '../server/metrics.ts'
import { loadConfig } from '../topology/config.ts'
import { makeLogger, openFoundation } from './assemble.ts'
import { type Command, UsageError } from './command.ts'
import { freshnessOf, openView, startApi, startSink } from './serving.ts'
import { untilStopped } from './until-stopped.ts'
import { withFlags } from './with-flags.ts'

export const serve: Command = {
  name: 'serve',
  summary: 'run the read API; stages run elsewhere (freshet run)',
  usage: '[flags]',
  arguments: [0, 0],
  flags: { port: { kind: 'number', value: 'PORT', means: 'port of the read API, instead of FRESHET_HTTP_PORT' } },
  examples: [
    'FRESHET_KAFKA_BROKERS=kafka:9092 FRESHET_REGISTRY_URL=http://registry:8081 FRESHET_REDIS_URL=redis://redis:6379 npx freshet serve',
  ],
  async run(call) {
    const config = loadConfig(withFlags(call, { port: 'FRESHET_HTTP_PORT' }))
    if (config.isEmbedded)
      throw new UsageError('the embedded log belongs to one process: use `freshet start`, or set FRESHET_KAFKA_BROKERS')
    const logger = makeLogger(config.logLevel)
    return untilStopped(logger, call.say, async session => {
      const parts = await openFoundation(config, logger, { mode: 'wait', signal: session.signal })
      session.onStop(() => parts.close())
      const metrics = new ServerMetrics(parts.metrics.registry)
      const view = await openView(parts, session.onFatal)
      session.onStop(() => view.close())
      if (config.redisUrl === undefined) {
        const sink = await startSink(parts, view, session.onFatal, freshnessOf(metrics))
        session.onStop(() => sink.stop())
      }
      const api = await startApi(parts, view, metrics, () => [])
      session.onStop(() => api.stop())
      call.print(`read API at ${api.url}`)
    })
  },
}
