/** What Freshet uses of kafkajs's inside, for which kafkajs has no types. */
import { createRequire } from 'node:module'
import type { ISocketFactory, Kafka } from 'kafkajs'

const require = createRequire(import.meta.url)

export interface Answer {
  readonly payload: Buffer
}
export interface Connection {
  readonly clientId: string
  readonly sasl: object | null
  readonly socket: { write(bytes: Buffer): void }
  readonly requestQueue: {
    push(request: {
      entry: {
        readonly apiKey: number
        readonly apiName: string
        readonly apiVersion: number
        readonly correlationId: number
        resolve(answer: Answer): void
        reject(error: unknown): void
      }
      expectResponse: boolean
      requestTimeout: number | null
      sendRequest(): void
    }): void
    maybeThrottle(ms: number): void
  }
  isAuthenticated(): boolean
  authenticate(): Promise<void>
  failIfNotConnected(): void
  nextCorrelationId(): number
}
export interface Broker {
  readonly nodeId: number | null
  /** By API key. */
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null
  readonly connectionPool: { getConnection(index: number): Promise<Connection> }
  isConnected(): boolean
  disconnect(): Promise<void>
  initProducerId(of: {
    transactionalId: string | undefined
    transactionTimeout: number
  }): Promise<{ producerId: bigint | string; producerEpoch: number }>
}
export interface Cluster {
  readonly brokerPool: { readonly metadata: object | null }
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  removeBroker(at: { host: string; port: number }): void
  findBroker(of: { nodeId: number | string }): Promise<Broker>
  findControllerBroker(): Promise<Broker>
  findGroupCoordinator(of: { groupId: string; coordinatorType: number }): Promise<Broker>
  findTopicPartitionMetadata(topic: string): readonly { partitionId: number; leader: number | null }[]
  fetchTopicsOffset(
    topics: { topic: string; fromBeginning: true; partitions: { partition: number }[] }[],
  ): Promise<{ partitions: { offset: string }[] }[]>
}

const METADATA_MAX_AGE_MS = 300_000

/** Connections, metadata and coordinators of a client, for a producer of ours. */
export function newCluster(kafka: Kafka): Cluster {
  const name = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  )
  if (!name) throw new Error('kafkajs makes its clusters otherwise')
  const client = kafka as unknown as Record<symbol, (options: object) => Cluster>
  const create = client[name] as (options: object) => Cluster
  return create({ metadataMaxAge: METADATA_MAX_AGE_MS, allowAutoTopicCreation: false })
}

const newSocketFactory = require('kafkajs/src/network/socketFactory') as () => ISocketFactory
const theirs = newSocketFactory()
/** kafkajs's sockets without Nagle's delay, by which the end of a large request waits until its beginning is acknowledged. */
export const socketFactory: ISocketFactory = options => theirs(options).setNoDelay(true)

/** What a broker's error code means, with kafkajs's names; `retriable` as the protocol says. */
export const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
  createErrorFromCode(code: number): Error & { retriable: boolean }
}
