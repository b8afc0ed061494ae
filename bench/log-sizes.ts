/** What a broker of ours has written, by topic: sizes of its segments, record batches as they lie on the disk. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** @param pid - of the broker, whose last argument is its settings, with the log beside them. @returns topic → bytes */
export function logSizes(pid: number): Map<string, number> {
  const settings =
    readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .findLast(argument => argument !== '') ?? ''
  const log = join(dirname(settings), 'log')
  const sizes = new Map<string, number>()
  for (const folder of readdirSync(log)) {
    const topic = /^(.+)-\d+$/.exec(folder)?.[1]
    if (topic === undefined) continue
    for (const file of readdirSync(join(log, folder)))
      if (file.endsWith('.log')) sizes.set(topic, (sizes.get(topic) ?? 0) + statSync(join(log, folder, file)).size)
  }
  return sizes
}

/** @returns what came in between, topics that grew only */
export function grown(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Map<string, number> {
  const growth = Array.from(after, ([topic, bytes]) => [topic, bytes - (before.get(topic) ?? 0)] as const)
  return new Map(growth.filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a))
}
