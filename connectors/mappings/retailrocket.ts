/** RetailRocket: views, carts and transactions of a shop's visitors. Rows that repeat an earlier one are left out and counted. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import type { DataSet, LeftOut } from '../data-set.ts'
import { withDefaults } from '../with-defaults.ts'
import { byTime } from './by-time.ts'
import { goodRows } from './good-rows.ts'

const SAMPLE = 'events_sample.csv.gz'
const WHOLE = ['events.csv', 'events.csv.gz']
const TYPES: Readonly<Record<string, string>> = { view: 'view', addtocart: 'add_to_cart', transaction: 'purchase' }

export const retailrocket: DataSet = {
  name: 'retailrocket',
  about: 'views, carts and purchases of a shop, the sample or the whole events.csv',
  files: [SAMPLE],
  isComplete: directory => [...WHOLE, SAMPLE].some(file => existsSync(join(directory, file))),
  events,
}

async function* rows(path: string, leftOut: LeftOut) {
  const seen = new Set<string>()
  yield* goodRows(path, (row, c) => {
    const whole = ['timestamp', 'visitorid', 'event', 'itemid', 'transactionid'].map(c).join()
    const type = TYPES[c('event')]
    const reason = seen.has(whole) ? 'repeats an earlier row' : type === undefined ? `event ${c('event')}` : undefined
    seen.add(whole)
    if (reason !== undefined || type === undefined) {
      leftOut.set(reason ?? '', (leftOut.get(reason ?? '') ?? 0) + 1)
      return undefined
    }
    return {
      row,
      type,
      visitor: c('visitorid'),
      item: c('itemid'),
      order: c('transactionid'),
      atMs: Number(c('timestamp')),
    }
  })
}

async function* events(directory: string, leftOut: LeftOut): AsyncGenerator<Interaction> {
  const file = [...WHOLE, SAMPLE].find(one => existsSync(join(directory, one))) ?? SAMPLE
  for (const { row, type, visitor, item, order, atMs } of await byTime(rows(join(directory, file), leftOut)))
    yield withDefaults(interaction, {
      eventId: `retailrocket:${row}#${type}`,
      anonymousId: visitor,
      itemId: item,
      type,
      orderId: order === '' ? null : order,
      occurredAt: atMs,
    })
}
