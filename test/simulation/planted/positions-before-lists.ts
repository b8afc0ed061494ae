import type { LogConsumer, LogPort } from '../../../topology/log-port.ts'
import type { Planted } from './planted.ts'

const VIEW_GROUP = /\.(related|trending|list)$/

/** Views commit how far they have read, in the place of how far they have published. */
function early(log: LogPort): LogPort {
  return {
    ...log,
    async consume(options) {
      if (!VIEW_GROUP.test(options.group ?? '')) return log.consume(options)
      const read = new Map<string, number>()
      const changed = (consumer: LogConsumer): LogConsumer => ({
        ...consumer,
        commitOffsets: offsets =>
          consumer.commitOffsets(
            offsets.map(at => ({ ...at, offset: Math.max(at.offset, read.get(`${at.topic}/${at.partition}`) ?? 0) })),
          ),
      })
      const consumer = await log.consume({
        ...options,
        onAssign: (assigned, one) => options.onAssign(assigned, changed(one)),
        async onBatch(batch) {
          await options.onBatch(batch)
          read.set(`${batch.topic}/${batch.partition}`, batch.nextOffset)
        },
      })
      return changed(consumer)
    },
  }
}

export const positionsBeforeLists: Planted = {
  what: 'A view commits its position before what it made of the records is published.',
  within: 20,
  seed: 6,
  breaks: ['V'],
  substitute: () => ({ port: early }),
}
