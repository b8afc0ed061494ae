/** Views at rest: every visitor's list knows their last event (what only changes their profile may come later), and every item with company has a row of similar ones. */
import type { RankedList } from '../../../schemas/ranked-list.ts'
import type { Related } from '../../../schemas/related.ts'
import { topics } from '../../../schemas/topics.ts'
import { type Interactions, lastByKey, readDecoded, type Source } from './shop-log.ts'
import type { Recount } from './state.ts'

/** An item with so many neighbours has a row, whichever of them were taken down. */
const COMPANY = 10

export async function viewDifferences(source: Source, sent: Interactions, told: Recount): Promise<string[]> {
  const [lists, related] = await Promise.all([
    readDecoded<RankedList>(source, topics.lists).then(lastByKey),
    readDecoded<Related>(source, topics.related).then(lastByKey),
  ])
  const wrong: string[] = []
  const last = new Map<string, { readonly partition: number; readonly offset: number }>()
  for (const { partition, offset, value } of sent.log) {
    const visitor = value.userId === null ? `a:${value.anonymousId}` : `u:${value.userId}`
    // Impressions never rebuild a list.
    if (told.admission.refused.has(`${partition}:${offset}`) || value.type === 'impression') continue
    last.set(visitor, { partition, offset })
  }
  for (const [visitor, { partition, offset }] of last) {
    const list = lists.get(visitor)?.value
    if (list?.partition === partition && list.offset >= offset) continue
    const got = list ? `one as of ${list.partition}:${list.offset}` : 'nothing'
    wrong.push(`lists.v1 of ${visitor}: wanted a list as of ${partition}:${offset}, got ${got}`)
  }
  for (const [itemId, { value }] of told.counters.neighbours['viewed-with'])
    if (Object.keys(value).length >= COMPANY && !related.get(`similar/${itemId}`)?.value)
      wrong.push(`related.v1 of similar/${itemId}: wanted a row, got nothing`)
  return wrong
}
