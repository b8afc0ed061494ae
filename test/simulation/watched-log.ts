/**
 * The log as one simulated process has it, with what can be seen from there: that no record of an aborted transaction is
 * handed over (I5), that a task which begins to read its inputs holds what its changelog said at its barrier (I6), and that a
 * view commits no position before its work (V).
 */
import { barrierKey } from '../../topology/changelog.ts'
import type {
  ConsumerOptions,
  LogConsumer,
  LogPort,
  OutRecord,
  TopicPartition,
  Transactor,
} from '../../topology/log-port.ts'
import type { SimulatedClient } from '../../topology/simulated-client.ts'
import { topics } from '../../schemas/topics.ts'
import type { Complain } from './invariants.ts'
import type { AnyVerdict, Label } from './faults.ts'
import type { Witness } from './witness.ts'

export interface Watch {
  readonly client: SimulatedClient
  readonly witness: Witness
  readonly complain: Complain
  readonly decide: (client: string, label: Label) => AnyVerdict | Promise<AnyVerdict>
  /** A task has begun to read its inputs behind a barrier. */
  readonly onRestored: (changelog: string, partition: number, barrier: string) => void
  /** Positions are about to be committed. */
  readonly onPositions: (offsets: readonly (TopicPartition & { readonly offset: number })[], group: string) => void
  /** Input topics of a stage → its changelog. */
  readonly changelogOf: ReadonlyMap<string, string>
  /** `topic/partition` → how far a broadcast of the process has taken it in. */
  readonly loaded: Map<string, number>
}

export function watched(watch: Watch): LogPort {
  const { client } = watch
  /** `changelog/partition` → the barrier of an opening that has not come to an end. */
  const opening = new Map<string, string>()
  return {
    ensureTopics: settings => client.ensureTopics(settings),
    offsets: topic => client.offsets(topic),
    produce: records => client.produce(records),
    purge: (at, before) => client.purge(at, before),
    close: () => client.close(),
    async transactor(id) {
      return watchedTransactor(await client.transactor(id), watch, opening)
    },
    async consume(options) {
      const consumer = await client.consume({
        ...options,
        onAssign: (assigned, one) => options.onAssign(assigned, watchedConsumer(one, options, watch, opening)),
        onBatch: async batch => {
          for (const record of batch.records)
            if (!watch.witness.isCommitted(record))
              watch.complain('I5', `${client.name} was given ${nameOf(record)}, which is not committed`)
          await options.onBatch(batch)
          if (options.group === null) watch.loaded.set(idOf(batch), batch.nextOffset)
        },
      } satisfies ConsumerOptions)
      return watchedConsumer(consumer, options, watch, opening)
    },
  }
}

function watchedTransactor(transactor: Transactor, watch: Watch, opening: Map<string, string>): Transactor {
  const { client, decide } = watch
  return {
    close: () => transactor.close(),
    async commit(records) {
      const [first] = records
      if (first?.key?.equals(barrierKey)) opening.set(idOf(first), String(first.value))
      const verdict = await decide(client.name, 'commit:frames')
      return transactor.commit(verdict === 'duplicate' ? withFramesTwice(records) : records)
    },
  }
}

const withFramesTwice = (records: readonly OutRecord[]) =>
  records.flatMap(record => (record.topic === topics.signals.name ? [record, record] : [record]))

function watchedConsumer(
  consumer: LogConsumer,
  { group }: Pick<ConsumerOptions, 'group'>,
  watch: Watch,
  opening: Map<string, string>,
): LogConsumer {
  return {
    pause: at => consumer.pause(at),
    resume: at => consumer.resume(at),
    commitOffsets(offsets) {
      watch.onPositions(offsets, group ?? '')
      return consumer.commitOffsets(offsets)
    },
    committed: at => consumer.committed(at),
    stop: () => consumer.stop(),
    seek(at, offset) {
      const changelog = watch.changelogOf.get(at.topic)
      const barrier = opening.get(`${changelog}/${at.partition}`)
      if (changelog !== undefined && barrier !== undefined) {
        opening.delete(`${changelog}/${at.partition}`)
        watch.onRestored(changelog, at.partition, barrier)
      }
      consumer.seek(at, offset)
    },
  }
}

const idOf = (at: { readonly topic: string; readonly partition: number }) => `${at.topic}/${at.partition}`
const nameOf = (at: { readonly topic: string; readonly partition: number; readonly offset: number }) =>
  `${at.topic}[${at.partition}]@${at.offset}`
