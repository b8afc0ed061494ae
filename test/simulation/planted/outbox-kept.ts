import { Outbox } from '../../../topology/outbox.ts'
import type { Planted } from './planted.ts'

export const outboxKept: Planted = {
  what: 'What was to be written is kept when a task opens anew, and written with what comes of the same records again.',
  within: 50,
  seed: 1,
  breaks: ['I1', 'I2'],
  substitute() {
    Outbox.prototype.clear = () => {}
    return {}
  },
}
