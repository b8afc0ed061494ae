/** POST /v1/events: one event or an array. Answers when the log has them. */
import type { FastifyInstance } from 'fastify'
import type { Publish } from '../connectors/publisher.ts'
import { type ErrorCode, FreshetError } from '../schemas/errors.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { type EventRules, readEvent } from './event-input.ts'
import { eventsAnswer, failure } from './request-schemas.ts'
import type { Services } from './services.ts'

const MAX_EVENTS = 1_000

/** @param publish - undefined makes the API read-only */
export function eventRoutes(
  app: FastifyInstance,
  { metrics, now }: Services,
  rules: EventRules,
  publish: Publish | undefined,
): void {
  app.post(
    '/v1/events',
    {
      schema: {
        summary: `Interactions: one, or an array of at most ${MAX_EVENTS}; fields as in interactions.v1`,
        response: { 200: eventsAnswer, 422: eventsAnswer, 400: failure, 413: failure, 503: failure },
      },
    },
    async (request, reply) => {
      const body = request.body
      const values: readonly unknown[] = Array.isArray(body) ? body : [body]
      if (values.length === 0) throw new FreshetError('INVALID_FIELD', 'wanted at least one event, got an empty array')
      if (values.length > MAX_EVENTS) {
        throw new FreshetError('BATCH_TOO_LARGE', `wanted at most ${MAX_EVENTS} events, got ${values.length}`)
      }
      const accepted: Interaction[] = []
      const rejected: { index: number; code: ErrorCode; message: string }[] = []
      for (const [index, value] of values.entries()) {
        try {
          accepted.push(readEvent(value, rules, now()))
        } catch (error) {
          if (!(error instanceof FreshetError)) throw error
          rejected.push({ index, code: error.code, message: error.message })
          metrics.eventsRefused.inc({ code: error.code })
        }
      }
      if (accepted.length > 0) {
        if (!publish) throw new FreshetError('LOG_UNAVAILABLE', 'this server has no log to write to')
        await publish(accepted)
        metrics.eventsAccepted.inc(accepted.length)
      }
      return reply.code(accepted.length > 0 ? 200 : 422).send({ accepted: accepted.length, rejected })
    },
  )
}
