import type { View } from '../../../connectors/view.ts'
import type { Planted } from './planted.ts'
import { changedView } from './views.ts'

export const positionBeforeValues: Planted = {
  what: 'The sink does not wait until its values are in before it moves its position.',
  within: 60,
  seed: 38,
  breaks: ['I4', 'STOP'],
  substitute: () => ({
    view: (view: View) =>
      changedView(view, {
        async write(writes, stopping) {
          view.write(writes, stopping).catch(() => undefined)
        },
      }),
  }),
}
