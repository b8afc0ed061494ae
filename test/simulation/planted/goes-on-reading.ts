import type { LogConsumer, LogPort } from '../../../topology/log-port.ts'
import type { Planted } from './planted.ts'

/** Seeks nowhere behind what the consumer was handed. */
function goingOn(log: LogPort): LogPort {
  const handed = new Map<string, number>()
  const forward = (consumer: LogConsumer): LogConsumer => ({
    ...consumer,
    seek: (at, offset) => consumer.seek(at, Math.max(offset, handed.get(`${at.topic}/${at.partition}`) ?? 0)),
  })
  return {
    ...log,
    async consume(options) {
      const consumer = await log.consume({
        ...options,
        onAssign: (assigned, one) => options.onAssign(assigned, forward(one)),
        onBatch(batch) {
          if (options.group?.endsWith('.user')) handed.set(`${batch.topic}/${batch.partition}`, batch.nextOffset)
          return options.onBatch(batch)
        },
      })
      return forward(consumer)
    },
  }
}

export const goesOnReading: Planted = {
  what: 'A task that opens anew goes on where its consumer was, not where its changelog says.',
  within: 20,
  seed: 6,
  breaks: ['I1', 'I2', 'I7'],
  substitute: () => ({ port: goingOn }),
}
