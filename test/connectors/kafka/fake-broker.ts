/** A broker of one node as `ask.ts` sees it, in memory: requests are taken apart by kafkajs's own decoder. */
import { createRequire } from 'node:module'
import type { Kafka } from 'kafkajs'
import type { Broker, Cluster, Connection } from '../../../connectors/kafka/internals.ts'

const require = createRequire(import.meta.url)

export interface KafkajsDecoder {
  readInt8(): number
  readInt16(): number
  readInt32(): number
  readInt64(): bigint
  readString(): string | null
  readBytes(): Buffer | null
  readArray<T>(read: (decoder: KafkajsDecoder) => T): T[]
}
export interface KafkajsEncoder {
  readonly buffer: Buffer
  writeInt8(value: number): KafkajsEncoder
  writeInt16(value: number): KafkajsEncoder
  writeInt32(value: number): KafkajsEncoder
  writeInt64(value: bigint | string): KafkajsEncoder
  writeString(value: string | null): KafkajsEncoder
  writeBytes(value: Buffer | null): KafkajsEncoder
  writeArray(value: readonly (KafkajsEncoder | number)[]): KafkajsEncoder
}
export const DecoderClass = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => KafkajsDecoder
export const EncoderClass = require('kafkajs/src/protocol/encoder') as new () => KafkajsEncoder

export interface Asked {
  readonly apiKey: number
  readonly apiVersion: number
  readonly clientId: string | null
  /** The same bytes that were given to the socket: they change where the memory is used again. */
  readonly bytes: Buffer
  /** A copy of them. */
  readonly sent: Buffer
  /** Stands at the body. */
  readonly body: KafkajsDecoder
}
/** The answer's body; an error is what kafkajs's queue of requests rejects with; undefined never answers. */
export type Answers = (asked: Asked) => KafkajsEncoder | Error | undefined

export class FakeBroker implements Broker, Cluster {
  readonly nodeId = 1
  readonly versions = null
  readonly connectionPool
  readonly brokerPool: { metadata: object | null } = { metadata: {} }
  readonly asked: Asked[] = []
  /** Topic → partitions. */
  readonly topics = new Map<string, number>()
  coordinatorLookups = 0
  inits = 0
  disconnects = 0

  constructor(answers: Answers) {
    let correlationId = 0
    const connection: Connection = {
      clientId: 'test',
      sasl: null,
      isAuthenticated: () => true,
      authenticate: async () => {},
      failIfNotConnected() {},
      nextCorrelationId: () => correlationId++,
      socket: { write: bytes => void this.asked.push(takenApart(bytes)) },
      requestQueue: {
        maybeThrottle() {},
        push: ({ entry, sendRequest }) => {
          sendRequest()
          const asked = this.asked.at(-1)
          if (asked?.sent.readInt32BE(8) !== entry.correlationId) throw new Error('another correlation id on the wire')
          const answer = answers(asked)
          if (answer instanceof Error) setImmediate(entry.reject, answer)
          else if (answer) setImmediate(entry.resolve, { payload: answer.buffer })
        },
      },
    }
    this.connectionPool = { getConnection: async () => connection }
  }

  /** A client that finds this broker. */
  get kafka(): Kafka {
    return { [Symbol('private:Kafka:createCluster')]: () => this } as unknown as Kafka
  }

  of(apiKey: number): Asked[] {
    return this.asked.filter(asked => asked.apiKey === apiKey)
  }

  async initProducerId() {
    this.inits++
    return { producerId: '7', producerEpoch: 3 }
  }
  isConnected = () => true
  connect = async () => {}
  disconnect = async () => {
    this.disconnects++
  }
  addMultipleTargetTopics = async () => {}
  refreshMetadata = async () => {}
  refreshMetadataIfNecessary = async () => {}
  removeBroker() {}
  findBroker = async () => this
  findControllerBroker = async () => this
  async findGroupCoordinator() {
    this.coordinatorLookups++
    return this
  }
  findTopicPartitionMetadata = (topic: string) =>
    Array.from({ length: this.topics.get(topic) ?? 0 }, (_, partitionId) => ({ partitionId, leader: 1 }))
  fetchTopicsOffset = async () => []
}

function takenApart(bytes: Buffer): Asked {
  const sent = Buffer.from(bytes)
  const decoder = new DecoderClass(sent)
  if (decoder.readInt32() !== sent.length - 4) throw new Error('the size in front is not that of the rest')
  const [apiKey, apiVersion] = [decoder.readInt16(), decoder.readInt16()]
  decoder.readInt32()
  return { apiKey, apiVersion, clientId: decoder.readString(), bytes, sent, body: decoder }
}
