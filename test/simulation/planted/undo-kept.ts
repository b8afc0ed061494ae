import { TaskState } from '../../../topology/state.ts'
import type { Planted } from './planted.ts'

export const undoKept: Planted = {
  what: 'A failed commit does not take the state back to the last one that went in.',
  within: 20,
  seed: 6,
  breaks: ['I1', 'I6'],
  substitute() {
    TaskState.prototype.rollback = TaskState.prototype.committed
    return {}
  },
}
