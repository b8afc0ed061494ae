/**
 * The graph of a made-up next release, whose sessions are of another schema: `events` is called `depth`, is a long, and stands
 * first. Neither release reads the bytes of the other's as its own.
 */
import { type AnyProcessor, type Parts, single, type Versions } from '../../processors/define.ts'
import { recordSchemaOf } from '../../schemas/record.ts'
import { type SessionState, sessionState } from '../../schemas/session.ts'
import type { Topology } from '../../topology/graph.ts'
import { graph } from './shop.ts'

type NewerSession = Omit<SessionState, 'events'> & { readonly depth: number }

const upcast = ({ events, ...session }: SessionState): NewerSession => ({ depth: events, ...session })
const downcast = ({ depth, ...session }: NewerSession): SessionState => ({ events: depth, ...session })

const avro = JSON.parse(sessionState.source) as { fields: { name: string }[] }
const fields = [{ name: 'depth', type: 'long' }, ...avro.fields.filter(({ name }) => name !== 'events')]
const newerSession = recordSchemaOf<NewerSession>('session', JSON.stringify({ ...avro, fields }))

/** @param older - the versions it still reads */
function withSessions(older: Versions['older']): Topology {
  const stages = graph.stages.map(stage => ({
    ...stage,
    processors: stage.processors.map(one => (one.name === 'session-features' ? newer(one, older) : one)),
  }))
  return { ...graph, stages }
}

export const newerGraph = withSessions({ 1: { schema: sessionState, upcast } })
/** A release after that one, which has dropped the first version. */
export const latestGraph = withSessions({})

function newer(processor: AnyProcessor, older: Versions['older']): AnyProcessor {
  const { store } = processor
  if (!store) throw new Error('sessions have no store')
  const parts: Parts = { ...store.parts, session: single(newerSession, { now: 2, older }) }
  return {
    ...processor,
    store: { ...store, parts },
    step(state, event, context) {
      const { session } = state as { session: NewerSession | undefined }
      const done = processor.step({ ...state, session: session && downcast(session) }, event, context)
      if (!done.state) return done
      const next = done.state as { session: SessionState | undefined }
      return { ...done, state: { ...next, session: next.session && upcast(next.session) } }
    },
  }
}
