/** A Kafka broker of one node (KRaft, no ZooKeeper), from its jars. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { classArchive } from './class-archive.ts'
import { freePorts } from './free-ports.ts'
import { ensurePrograms, javaVersion } from './programs.ts'
import { type Say, runWithSay } from './run-with-say.ts'
import type { Command } from './service.ts'

export const KAFKA_VERSION = '3.9.2'

/** What Freshet is tested with, addresses apart; `docker-compose.yml` is held against it. */
export const BROKER_SETTINGS: Readonly<Record<string, string>> = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '5',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '5',
  'group.initial.rebalance.delay.ms': '0',
  // Else a restart after kill −9 waits 11 s for the dead broker's session.
  'broker.session.timeout.ms': '1000',
  'broker.heartbeat.interval.ms': '200',
  // Else a dead producer's open transaction blocks its readers for 10 s.
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
  'num.network.threads': '1',
  'num.io.threads': '4',
  'background.threads': '2',
  'log.cleaner.dedupe.buffer.size': '8388608',
}

/** C1 starts sooner; C2 is what a broker runs with in earnest. */
export type Jit = 'C1' | 'C2'
export const jvmOptions = (jit: Jit): string[] => [
  '-XX:+UseSerialGC',
  '-Xshare:auto',
  ...(jit === 'C1' ? ['-XX:TieredStopAtLevel=1'] : []),
]

/**
 * @param folder - for its data, settings and log; created where it is missing
 * @param settings - besides {@link BROKER_SETTINGS}, or in their place
 */
export async function kafka(
  folder: string,
  ports: Ports,
  jit: Jit,
  say: Say,
  settings: Readonly<Record<string, string>> = {},
): Promise<Command> {
  const jars = await kafkaJars(say)
  const trial = async (trialFolder: string) => {
    const [broker = 0, controller = 0] = await freePorts(2)
    return commandIn({ folder: trialFolder, ports: { broker, controller }, settings: {} }, 'C1', jars, [], say)
  }
  // An archive fits one Java only; another is passed over with a warning, and would never be replaced.
  const name = `kafka-${KAFKA_VERSION}-classes-${javaVersion().replaceAll(/[^\w.]/g, '')}`
  return commandIn({ folder, ports, settings }, jit, jars, await classArchive(name, trial, say), say)
}

interface Ports {
  readonly broker: number
  readonly controller: number
  /** A second listener, for a proxy in front of it: whoever comes through there is told the proxy's port. */
  readonly behindProxy?: { readonly port: number; readonly proxy: number }
}

interface Home {
  readonly folder: string
  readonly ports: Ports
  readonly settings: Readonly<Record<string, string>>
}

async function commandIn(
  { folder, ports, settings: more }: Home,
  jit: Jit,
  jars: string,
  archive: readonly string[],
  say: Say,
): Promise<Command> {
  mkdirSync(folder, { recursive: true })
  const settings = join(folder, 'server.properties')
  const plain = `PLAINTEXT://127.0.0.1:${ports.broker}`
  const behind = ports.behindProxy
  const here = {
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    listeners: `${plain}${behind ? `,PROXIED://127.0.0.1:${behind.port}` : ''},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': `${plain}${behind ? `,PROXIED://127.0.0.1:${behind.proxy}` : ''}`,
    ...(behind && {
      'listener.security.protocol.map': `${BROKER_SETTINGS['listener.security.protocol.map']},PROXIED:PLAINTEXT`,
    }),
    'log.dirs': join(folder, 'log'),
  }
  const lines = Object.entries({ ...BROKER_SETTINGS, ...more, ...here }).map(([name, value]) => `${name}=${value}`)
  writeFileSync(settings, `${lines.join('\n')}\n`)
  const java = [...archive, ...jvmOptions(jit), '-cp', `${jars}/*`]
  // Behind an A, since an id that begins with - would be taken for an option.
  const clusterId = `A${randomBytes(16).toString('base64url').slice(1)}`
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', settings]
  await runWithSay('formatting Kafka', 'java', [...java, ...format], {}, say)
  return {
    name: 'kafka',
    file: 'java',
    args: ['-Xms256m', '-Xmx512m', ...java, 'kafka.Kafka', settings],
    sign: settings,
    logFile: join(folder, 'kafka.log'),
    isReady: () => hasBroker(ports.broker),
  }
}

async function kafkaJars(say: Say): Promise<string> {
  await ensurePrograms(['java'], say)
  return cached(`kafka-${KAFKA_VERSION}`, async folder => {
    await ensurePrograms(['mvn'], say)
    writeFileSync(join(folder, 'pom.xml'), POM)
    const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
    const args = ['-q', '-B', plugin, '-DincludeScope=runtime', `-DoutputDirectory=${folder}`]
    await runWithSay(`downloading Kafka ${KAFKA_VERSION} (46 MB)`, 'mvn', args, { cwd: folder }, say)
    rmSync(join(folder, 'pom.xml'))
  })
}

/** kafka-tools-api is not published for every version and not needed; without slf4j-simple errors are invisible. */
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>freshet</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version>
      <exclusions>
        <exclusion><groupId>org.apache.kafka</groupId><artifactId>kafka-tools-api</artifactId></exclusion>
      </exclusions>
    </dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

/**
 * Metadata, version 4, for no topic.
 *
 *     size:4 3:2 4:2 correlation:4 clientId:2(−1) topics:4(0) allowAutoTopicCreation:1(0)
 *     size:4 correlation:4 throttleMs:4 brokers:4 …
 */
function hasBroker(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(2_000, () => socket.destroy())
  socket.on('connect', () => socket.write(Buffer.from('0000000f0003000400000001ffff0000000000', 'hex')))
  let answer = Buffer.alloc(0)
  socket.on('data', chunk => {
    answer = Buffer.concat([answer, chunk])
    if (answer.length < 16) return
    resolve(answer.readInt32BE(12) > 0)
    socket.destroy()
  })
  socket.on('error', () => undefined) // 'close' follows
  socket.on('close', () => resolve(false))
  return promise
}
