import type { Planted } from './planted.ts'

export const readUncommitted: Planted = {
  what: 'Readers do not wait for the end of a transaction, and see what comes to nothing.',
  within: 10,
  seed: 1,
  breaks: ['I5'],
  substitute: () => ({ log: { filter: 'none' } }),
}
