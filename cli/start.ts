/** `freshet start`: everything in one process, on the embedded log or on Kafka. The first embedded start brings the sample. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ServerMetrics } from '../server/metrics.ts'
import { topicName, topics } from '../schemas/topics.ts'
import { type Config, loadConfig } from '../topology/config.ts'
import { type Foundation, makeLogger, openFoundation, openLog, startStages } from './assemble.ts'
import { type Command, UsageError } from './command.ts'
import { loadSample, sampleFile } from './sample.ts'
import { freshnessOf, openView, startApi, startSink } from './serving.ts'
import { untilStopped } from './until-stopped.ts'
import { withFlags } from './with-flags.ts'

export const start: Command = {
  name: 'start',
  summary: 'run everything in one process: all stages, the view and the read API',
  usage: '[flags]',
  arguments: [0, 0],
  flags: {
    port: { kind: 'number', value: 'PORT', means: 'port of the read API, instead of FRESHET_HTTP_PORT' },
    'data-dir': { kind: 'text', value: 'DIR', means: 'data directory, instead of FRESHET_DATA_DIR' },
    reset: { kind: 'switch', means: 'delete what the data directory holds and begin anew' },
    sample: { kind: 'switch', means: 'bring the sample where it would not come by itself, on Kafka' },
    'no-sample': { kind: 'switch', means: 'do not import and replay the bundled MovieTweetings' },
  },
  details:
    'Without FRESHET_KAFKA_BROKERS it needs nothing else: the log is kept in the data directory. The first start imports the\nbundled films and replays 100,000 ratings; a later one continues where the last one stopped.',
  examples: [
    'npm start',
    'npx freshet start --no-sample --data-dir /var/lib/freshet --port 9000',
    'npm start -- --reset',
  ],
  async run(call) {
    if (call.isSet('sample') && call.isSet('no-sample'))
      throw new UsageError('--sample and --no-sample exclude each other')
    const config = loadConfig(withFlags(call, { port: 'FRESHET_HTTP_PORT', 'data-dir': 'FRESHET_DATA_DIR' }))
    // A person reads this verb: what goes well is told by the lines below, the log only warns unless asked for more.
    const logger = makeLogger(call.env.FRESHET_LOG_LEVEL ? config.logLevel : 'warn')
    if (call.isSet('reset')) await reset(config)
    return untilStopped(logger, call.say, async session => {
      const parts = await openFoundation(config, logger, { mode: 'wait', signal: session.signal })
      session.onStop(() => parts.close())
      const metrics = new ServerMetrics(parts.metrics.registry)
      const view = await openView(parts, session.onFatal)
      session.onStop(() => view.close())
      const running = await startStages(parts, session.onFatal)
      session.onStop(() => running.stop())
      const sink = await startSink(parts, view, session.onFatal, freshnessOf(metrics))
      session.onStop(() => sink.stop())
      let isLoaded = false
      running.ready.then(() => (isLoaded = true), session.onFatal)
      const api = await startApi(parts, view, metrics, () => (isLoaded ? [] : ['tables are being loaded']))
      session.onStop(() => api.stop())
      const wantsSample =
        call.isSet('sample') || (config.isEmbedded && !call.isSet('no-sample') && (await isFirstStart(parts)))
      call.print(welcome(config, api.url, wantsSample || existsSync(sampleFile(config))))
      if (wantsSample) await loadSample(parts, running, session.signal, call.say)
    })
  },
}

/** True while nothing came into the log but the sample, if at all. */
async function isFirstStart({ config, log }: Foundation): Promise<boolean> {
  if (existsSync(sampleFile(config))) return true
  const [interactions, items] = await Promise.all(
    [topics.interactions, topics.items].map(topic => log.offsets(topicName(topic, config.namespace))),
  )
  return [...(interactions ?? []), ...(items ?? [])].every(range => range.begin === range.end)
}

/** Everything a start has put there, and nothing else. Opened first: another process may hold it. */
async function reset(config: Config): Promise<void> {
  if (!config.isEmbedded)
    throw new UsageError(
      '--reset empties the data directory of the embedded log; on Kafka delete the topics of the namespace instead',
    )
  const log = await openLog(config, makeLogger('silent'))
  await log.close()
  for (const part of ['log', 'schemas', 'replays']) rmSync(join(config.dataDir, part), { recursive: true, force: true })
}

const SAMPLE_USER = '14945'
const SAMPLE_FILM = '0816711' // World War Z

function welcome(config: Config, url: string, isSample: boolean): string {
  const where = config.isEmbedded ? `embedded log in ${config.dataDir}` : `Kafka at ${config.kafkaBrokers.join(', ')}`
  const user = isSample ? SAMPLE_USER : 'u42'
  const film = isSample ? SAMPLE_FILM : 'i1'
  return [
    `Freshet is up: ${url} (${where}${config.redisUrl === undefined ? '' : `, Redis at ${new URL(config.redisUrl).host}`})`,
    '',
    'Try:',
    `  curl '${url}/v1/users/${user}/recommendations?limit=5&explain=true'`,
    `  curl '${url}/v1/items/${film}/similar?limit=5&explain=true'`,
    `  curl '${url}/v1/trending?limit=5&explain=true'`,
    'and change the first answer:',
    `  curl '${url}/v1/events' -H 'content-type: application/json' -d '{"eventId":"'$RANDOM'","userId":"${user}","itemId":"${film}","type":"like","occurredAt":'$(date +%s000)'}'`,
    '',
    `  ${url}/metrics   ${url}/health/ready   ${url}/openapi.json   Ctrl-C stops`,
    '',
  ].join('\n')
}
