/**
 * Both stages of the variant topology in a process of their own. Started by `beside-streams-sides.ts` with the options of Freshet
 * in the environment; ends in peace with SIGTERM.
 */
import { systemClock } from '../topology/clock.ts'
import { RuntimeMetrics } from '../topology/metrics.ts'
import { run } from '../topology/runner.ts'
import { openPairLog } from './beside-streams-log.ts'

const { config, logger, topology, log, wire } = await openPairLog(process.env)
const timing = { gapMs: config.commitGapMs, maxMs: config.commitMaxMs, maxBytes: config.commitMaxBytes }
const running = await run({
  topology,
  namespace: config.namespace,
  partitions: config.partitions,
  log,
  wire,
  // Here the item stage is on the way of every event, so it commits as soon as the user stage does.
  timing: {
    user: timing,
    item: timing,
    sessionTimeoutMs: config.sessionTimeoutMs,
    fetchGapMs: { user: 0, item: 0, view: 0 },
  },
  clock: systemClock,
  metrics: new RuntimeMetrics(),
  logger,
  onFatal: error => {
    logger.fatal({ err: error }, 'the stages stop')
    process.exit(1)
  },
})
process.once('SIGTERM', async () => {
  await running.stop()
  await log.close()
  process.exit() // so that a profile is written whatever is still open
})
