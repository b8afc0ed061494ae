/** `freshet run <stage…>`: some of the stages in this process; any number of processes share them on Kafka. */
import { freshnessOf, openView, startSink } from './serving.ts'
import { ServerMetrics } from '../server/metrics.ts'
import { loadConfig } from '../topology/config.ts'
import { makeLogger, openFoundation, startStages, topologyOf } from './assemble.ts'
import { type Command, didYouMean, UsageError } from './command.ts'
import { startMetricsServer } from './metrics-server.ts'
import { untilStopped } from './until-stopped.ts'

const SINK = 'sink'

export const run: Command = {
  name: 'run',
  summary: 'run some stages in this process; more processes of the same stage share its partitions',
  usage: '<stage…> [flags]',
  arguments: [1, 16],
  flags: {
    'metrics-port': { kind: 'number', value: 'PORT', means: 'answer /metrics and /health/live there' },
  },
  details: 'Stages are those of `freshet topology`, sink (which fills Redis), and all for every one of them.',
  examples: ['npx freshet run user item', 'npx freshet run related trending list sink --metrics-port 9464'],
  async run(call) {
    const config = loadConfig(call.env)
    const topology = topologyOf(config)
    const known = [...topology.stages, ...topology.views].map(node => node.name)
    const wanted = new Set(call.arguments.flatMap(name => (name === 'all' ? [...known, SINK] : [name])))
    for (const name of wanted)
      if (name !== SINK && !known.includes(name))
        throw new UsageError(
          `${name}: no such stage${didYouMean(name, [...known, SINK])}; wanted all, ${[...known, SINK].join(', ')}`,
        )
    if (wanted.has(SINK) && config.redisUrl === undefined)
      throw new UsageError(
        'sink fills Redis: set FRESHET_REDIS_URL; without Redis, start and serve fill a view of their own',
      )
    const logger = makeLogger(config.logLevel)
    return untilStopped(logger, call.say, async session => {
      const parts = await openFoundation(config, logger, { mode: 'wait', signal: session.signal })
      session.onStop(() => parts.close())
      const stages = [...wanted].filter(name => name !== SINK)
      const running = await startStages(parts, session.onFatal, stages)
      session.onStop(() => running.stop())
      running.ready.then(() => logger.info({ stages }, 'stages are running'), session.onFatal)
      if (wanted.has(SINK)) {
        const view = await openView(parts, session.onFatal)
        session.onStop(() => view.close())
        const metrics = new ServerMetrics(parts.metrics.registry)
        const sink = await startSink(parts, view, session.onFatal, freshnessOf(metrics))
        session.onStop(() => sink.stop())
      }
      const port = call.number('metrics-port')
      if (port !== undefined) {
        const server = await startMetricsServer(parts.metrics.registry, config.httpHost, port)
        session.onStop(() => server.stop())
      }
    })
  },
}
