import type { Planted } from './planted.ts'
import { changedView } from './views.ts'

export const noReplayOnReconnect: Planted = {
  what: 'After a failover the sink goes on as if the new server knew all that the old one had acknowledged.',
  within: 300,
  seed: 47,
  breaks: ['I4'],
  substitute: () => ({ view: view => changedView(view, { onReconnect() {} }) }),
}
