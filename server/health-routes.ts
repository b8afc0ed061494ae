/** Is it alive, may traffic come, what does it measure. */
import type { FastifyInstance } from 'fastify'
import type { View } from '../connectors/view.ts'
import type { Services } from './services.ts'

export interface HealthInput extends Services {
  readonly view: View
  /** True once the mirror and the popular list were asked for, whatever came of it. */
  readonly hasTried: () => boolean
  /** What else keeps traffic away, in words; [] when nothing does. */
  readonly problems: () => readonly string[]
}

export function healthRoutes(
  app: FastifyInstance,
  { view, reader, mirror, metrics, hasTried, problems }: HealthInput,
): void {
  app.get('/health/live', { schema: { summary: 'The process answers' } }, () => ({ status: 'live' }))
  app.get('/health/ready', { schema: { summary: 'Traffic may come' } }, (_request, reply) => {
    const isUp = view.isUp()
    // With the view away it may still answer from memory, if it holds anything.
    const canAnswer = isUp || reader.popular.length > 0 || mirror.size > 0
    const all = [...(hasTried() ? [] : ['starting']), ...(canAnswer ? [] : ['the view does not answer']), ...problems()]
    reply.code(all.length === 0 ? 200 : 503)
    return {
      status: all.length === 0 ? 'ready' : 'not ready',
      problems: all,
      view: isUp ? 'up' : 'away',
      items: mirror.size,
      popular: reader.popular.length,
    }
  })
  app.get('/metrics', { schema: { summary: 'Prometheus metrics' } }, async (_request, reply) => {
    metrics.mirrorItems.set(mirror.size)
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
}
