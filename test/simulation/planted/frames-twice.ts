import { topics } from '../../../schemas/topics.ts'
import type { SignalFrame } from '../../../schemas/signal-frame.ts'
import type { Planted } from './planted.ts'

export const framesTwice: Planted = {
  what: 'What was counted of each source (appliedUpTo) is ignored: a frame that comes twice counts twice.',
  within: 50,
  seed: 9,
  breaks: ['I1'],
  substitute() {
    let sources = 1_000
    return {
      wire: wire =>
        new Proxy(wire, {
          get(target, name) {
            const member = Reflect.get(target, name) as unknown
            if (typeof member !== 'function') return member
            if (name !== 'decode') return member.bind(target)
            return (topic: { name: string }, value: Buffer | null) => {
              const decoded = member.call(target, topic, value) as SignalFrame
              return topic.name === topics.signals.name ? { ...decoded, source: sources++ } : decoded
            }
          },
        }),
    }
  },
}
