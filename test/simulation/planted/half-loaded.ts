import { Broadcast } from '../../../topology/broadcast.ts'
import type { Planted } from './planted.ts'

export const halfLoaded: Planted = {
  what: 'Views start to build before the tables they need are loaded.',
  within: 50,
  seed: 26,
  breaks: ['V'],
  substitute() {
    Object.defineProperty(Broadcast.prototype, 'loaded', { get: () => Promise.resolve() })
    return {}
  },
}
