/**
 * Run as a process of its own by `chain-kill.test.ts`: the user and item stages on an embedded log, fed from where the log ends.
 * Prints how many events are acknowledged, and `done` when all of them are counted. Arguments: directory, a JSON file of events.
 */
import { readFileSync, writeSync } from 'node:fs'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'
import { MemoryRegistry } from '../../../connectors/embedded/memory-registry.ts'
import { publisher } from '../../../connectors/publisher.ts'
import { topics } from '../../../schemas/topics.ts'
import type { Interaction } from '../../../schemas/interaction.ts'
import { Shop } from '../../e2e/shop.ts'

const BATCH = 10
/** A machine that stands still for a while is no failure. */
const PATIENCE_MS = 600_000

const [directory = '', file = ''] = process.argv.slice(2)
const stream = JSON.parse(readFileSync(file, 'utf8')) as Interaction[]
writeSync(1, '0\n')
const log = await EmbeddedLog.open({ directory })
const shop = await Shop.open(log, new MemoryRegistry(), 'freshet', 1)
const publish = publisher({ log, wire: shop.wire, namespace: shop.namespace, timeoutMs: PATIENCE_MS })
const running = await shop.run()
for (let from = (await log.offsets(topics.interactions.name))[0]?.end ?? 0; from < stream.length; from += BATCH) {
  await publish(stream.slice(from, from + BATCH))
  writeSync(1, `${Math.min(from + BATCH, stream.length)}\n`)
}
await shop.settled()
await running.stop()
await log.close()
writeSync(1, 'done\n')
