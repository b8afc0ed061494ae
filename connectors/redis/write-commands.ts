/** The Redis commands of one write. Pure: key names, scripts and arguments, in the order they are to be sent. */

import { keys, recKeyOf, TOMBSTONE_TTL_SECONDS, userKeyOf } from '../../schemas/keys.ts'
import { TOMBSTONE, type ViewWrite, versioned, versionText } from '../view.ts'
import type { Request } from './sender.ts'
import { type Script, setFieldAndValue, setHash, setHashField, setValue } from './scripts.ts'

export interface ScriptCall {
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly (string | Buffer)[]
}

const NOTHING = Buffer.alloc(0)
const ttl = (key: { readonly ttlSeconds: number | null }) => String(key.ttlSeconds ?? '')

export function scriptCalls(write: ViewWrite, namespace: string): ScriptCall[] {
  const version = [String(write.version.generation), String(write.version.offset)]
  if (write.kind === 'value') {
    const text = versioned(write.version, write.value ?? TOMBSTONE)
    const seconds = write.value ? ttl(write.key) : String(TOMBSTONE_TTL_SECONDS)
    return [{ script: setValue, keys: [write.key.of(namespace, write.id)], args: [...version, text, seconds] }]
  }
  if (write.kind === 'user') {
    const userKey = userKeyOf(namespace, write.visitor)
    const args = [...version, write.field, write.value ?? NOTHING, ttl(keys.user)]
    const body = write.value ? write.rec : TOMBSTONE
    if (write.field !== 'c' || body === undefined) return [{ script: setHashField, keys: [userKey], args }]
    const seconds = write.value ? ttl(keys.rec) : String(TOMBSTONE_TTL_SECONDS)
    const together = [...args, versioned(write.version, body), seconds]
    return [{ script: setFieldAndValue, keys: [userKey, recKeyOf(namespace, write.visitor)], args: together }]
  }
  const text = Object.entries(write.text ?? { deleted: 'true' }).flat()
  const seconds = write.text ? ttl(keys.item) : String(TOMBSTONE_TTL_SECONDS)
  const hash = { script: setHash, keys: [keys.item.of(namespace, write.itemId)], args: [...version, seconds, ...text] }
  if (!write.row) return [hash]
  const page = keys.itemPage.of(namespace, String(write.row.page))
  const rowArgs = [...version, String(write.row.row), write.row.facts ?? NOTHING, '']
  return [hash, { script: setHashField, keys: [page], args: rowArgs }]
}

export const requestOf = ({ script, keys, args }: ScriptCall): Request => [
  'EVALSHA',
  script.sha,
  String(keys.length),
  ...keys,
  ...args,
]

/** What follows a write of an item once its scripts have answered: gone set, and which page changed. */
export function afterItem(write: ViewWrite & { kind: 'item' }, results: readonly number[], isRepeat: boolean) {
  const [hash = -1, row = -1] = results
  return {
    /** An older write says nothing; one that stands already may have failed after its first half. */
    isCurrent: hash >= 0,
    // What stands already may have been written by somebody who died before they told of the page.
    page: write.row && (row === 2 || row === 0 || (isRepeat && row === 1)) ? write.row.page : undefined,
    change: versionText(write.version),
  }
}
