/**
 * Defects for the workers, named by CHAOS_PLANT, that a run with faults must find: the harness can fail.
 *
 *   no-rollback    what was folded for a commit that failed stays in memory, and is folded again
 *   old-progress   a task that opens goes on some records before where its state is
 *   lost-page      of the state that is restored one page in two hundred is missing
 *   torn-sink      the position of the sink moves on, though one batch of values in ten was not written
 */
import { RedisView } from '../../../connectors/redis/view.ts'
import { Restoration } from '../../../topology/restoration.ts'
import { TaskState } from '../../../topology/state.ts'

const AGAIN = 40
const EVERY_PAGE = 200
const EVERY_BATCH = 10

const plants: Readonly<Record<string, () => void>> = {
  'no-rollback'() {
    TaskState.prototype.rollback = () => undefined
  },
  'old-progress'() {
    const { take } = Restoration.prototype
    Restoration.prototype.take = function withOlderProgress(record, barrier) {
      const isLast = take.call(this, record, barrier)
      const positions = this.progress?.positions as Record<string, number> | undefined
      if (isLast && positions)
        for (const topic in positions) positions[topic] = Math.max(0, (positions[topic] ?? 0) - AGAIN)
      return isLast
    }
  },
  'lost-page'() {
    const { restore } = TaskState.prototype
    let pages = 0
    TaskState.prototype.restore = function withoutSome(entry) {
      return restore.call(this, ++pages % EVERY_PAGE === 0 ? { ...entry, value: null } : entry)
    }
  },
  'torn-sink'() {
    const { write } = RedisView.prototype
    let batches = 0
    RedisView.prototype.write = async function withoutSome(writes, stopping) {
      if (++batches % EVERY_BATCH !== 0) await write.call(this, writes, stopping)
    }
  },
}

const { CHAOS_PLANT = '' } = process.env
const plant = plants[CHAOS_PLANT]
if (!plant) throw new Error(`CHAOS_PLANT: wanted one of ${Object.keys(plants).join(', ')}, got ${CHAOS_PLANT}`)
plant()
