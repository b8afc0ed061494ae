/** What follows the scripts of a batch's items: the gone set and the changes of pages, in a few commands for all of them. */
import { keys } from '../../schemas/keys.ts'
import type { ViewWrite } from '../view.ts'
import type { Reply, Request } from './sender.ts'
import { afterItem } from './write-commands.ts'

export class ItemFollowUp {
  readonly #namespace: string
  /** When it was taken down, ms; undefined for an item that is there. */
  readonly #goneAtMs = new Map<string, number | undefined>()
  readonly #pages = new Map<number, string>()
  /** Places in the requests whose answer counts what they changed. */
  readonly #counting: number[] = []

  constructor(namespace: string) {
    this.#namespace = namespace
  }

  /** @param results - of the item's scripts. @param isRepeat - the batch was sent before and may have got half-way */
  add(write: ViewWrite & { kind: 'item' }, results: readonly number[], isRepeat: boolean): void {
    const { isCurrent, page, change } = afterItem(write, results, isRepeat)
    if (page !== undefined) this.#pages.set(page, change)
    if (isCurrent) this.#goneAtMs.set(write.itemId, write.isGone ? write.goneAtMs : undefined)
  }

  requests(): Request[] {
    const [gone, goneAt] = [keys.gone.of(this.#namespace), keys.goneAt.of(this.#namespace)]
    const down: string[] = []
    const downAt: string[] = []
    const back: string[] = []
    for (const [itemId, atMs] of this.#goneAtMs) {
      if (atMs === undefined) back.push(itemId)
      else {
        down.push(itemId)
        downAt.push(String(atMs), itemId)
      }
    }
    const requests: Request[] = []
    if (down.length > 0) {
      requests.push(['ZADD', goneAt, ...downAt])
      this.#counting.push(requests.push(['SADD', gone, ...down]) - 1)
    }
    if (back.length > 0) {
      requests.push(['ZREM', goneAt, ...back])
      this.#counting.push(requests.push(['SREM', gone, ...back]) - 1)
    }
    if (this.#pages.size > 0) {
      const changes = Array.from(this.#pages, ([page, change]) => [String(page), change]).flat()
      requests.push(['HSET', keys.itemPages.of(this.#namespace), ...changes])
    }
    return requests
  }

  /** @param replies - to {@link requests}. @returns whether a reader of the items has to look again */
  isNews(replies: readonly Reply[]): boolean {
    return this.#pages.size > 0 || this.#counting.some(at => replies[at] !== 0)
  }
}
