/** A real stream with everything that counts in it: MovieTweetings by time, some likes turned into purchases of one order. */
import { movietweetings } from '../../connectors/mappings/movietweetings.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { Item } from '../../schemas/item.ts'

const directory = new URL('../../data/movietweetings', import.meta.url).pathname
const DEVICES = ['mobile', 'desktop', null]

/** @returns the first `count` events; every 7th a purchase, in orders of up to four films, every 50th sent twice */
export async function streamOf(count: number): Promise<Interaction[]> {
  const events: Interaction[] = []
  for await (const event of movietweetings.events(directory, new Map())) {
    const number = events.length
    if (number >= count) break
    const device = DEVICES[number % DEVICES.length] ?? null
    const isPurchase = number % 7 === 0
    events.push({
      ...event,
      device,
      ...(isPurchase && {
        type: 'purchase',
        orderId: `o${Math.floor(number / 28)}`,
        userId: `buyer${Math.floor(number / 28)}`,
      }),
    })
    if (number % 50 === 49) events.push({ ...event, device })
  }
  return events.slice(0, count)
}

export async function catalogue(): Promise<{ id: string; value: Item }[]> {
  const items: { id: string; value: Item }[] = []
  for await (const row of movietweetings.items?.(directory) ?? []) if ('value' in row) items.push(row)
  return items
}
