/** The log that a side reads from and writes to, as the bench and Freshet's workers open it. */
import { type Logger, pino } from 'pino'
import { openLog, openRegistry } from '../cli/assemble.ts'
import { Wire } from '../schemas/wire.ts'
import { systemClock } from '../topology/clock.ts'
import { type Config, loadConfig } from '../topology/config.ts'
import { type Topology, topicsOf } from '../topology/graph.ts'
import type { LogPort } from '../topology/log-port.ts'
import { prepareTopics } from '../topology/runner.ts'
import { pairTopology } from './beside-streams-topology.ts'

export interface PairLog {
  readonly config: Config
  readonly logger: Logger
  readonly topology: Topology
  readonly log: LogPort
  readonly wire: Wire
}

/** Creates the topics that are missing. @param env - options of Freshet */
export async function openPairLog(env: Readonly<Record<string, string | undefined>>): Promise<PairLog> {
  const given = Object.entries(env).filter(([name]) => name.startsWith('FRESHET_'))
  const config = loadConfig(Object.fromEntries(given))
  const logger = pino({ level: config.logLevel, base: null }, pino.destination(2))
  const { namespace, partitions } = config
  const topology = pairTopology()
  const log = await openLog(config, logger)
  await prepareTopics({ topology, namespace, partitions, log, clock: systemClock })
  const wire = await Wire.open(await openRegistry(config), namespace, topicsOf(topology))
  return { config, logger, topology, log, wire }
}
