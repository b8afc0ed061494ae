/**
 * Just enough of Kafka's protocol to know which step of whom passes by.
 *
 *     request   size:4 apiKey:2 apiVersion:2 correlation:4 clientId:2+n …
 *     answer    size:4 correlation:4 …
 */
import type { Piece, Splitter, Tap, Verdict } from './tcp-proxy.ts'

/** Steps of the protocol by their api keys. */
export const STEPS = { produce: 0, fetch: 1, heartbeat: 12, initProducerId: 22, endTxn: 26 } as const
export type Step = keyof typeof STEPS

export interface Passing {
  readonly step: Step
  readonly clientId: string
  readonly isAnswer: boolean
  /** Of the transactional id, `<app>.<stage>.<partition>`, where the request has one in front. */
  readonly stage: string
  /** Of the whole frame, bytes. */
  readonly size: number
}

const SIZE_BYTES = 4

export function inFrames(): Splitter {
  let held: Buffer = Buffer.alloc(0)
  return chunk => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const frames: Buffer[] = []
    while (held.length >= SIZE_BYTES) {
      const end = SIZE_BYTES + held.readInt32BE(0)
      if (held.length < end) break
      frames.push(held.subarray(0, end))
      held = held.subarray(end)
    }
    return frames
  }
}

/** @param look - told of the steps above only, in the order they pass */
export function kafkaTap(look: (passing: Passing) => Verdict): Tap {
  const nameOf = new Map(Object.entries(STEPS).map(([name, key]) => [key as number, name as Step]))
  const asked = new WeakMap<object, Map<number, Omit<Passing, 'isAnswer' | 'size'>>>()
  return ({ connection, from, bytes }: Piece) => {
    const open = asked.get(connection) ?? new Map<number, Omit<Passing, 'isAnswer' | 'size'>>()
    asked.set(connection, open)
    const size = bytes.length
    if (from === 'server') {
      const request = open.get(bytes.readInt32BE(4))
      open.delete(bytes.readInt32BE(4))
      return request ? look({ ...request, isAnswer: true, size }) : 'pass'
    }
    const step = nameOf.get(bytes.readInt16BE(4))
    if (step === undefined) return 'pass'
    const [clientId, end] = stringAt(bytes, 12)
    const [id] = HAS_ID.has(step) ? stringAt(bytes, end) : ['']
    const request = { step, clientId, stage: id.split('.').at(-2) ?? '' }
    open.set(bytes.readInt32BE(8), request)
    return look({ ...request, isAnswer: false, size })
  }
}

/** Their body begins with the transactional id, in the versions that kafkajs speaks. */
const HAS_ID: ReadonlySet<Step> = new Set(['produce', 'initProducerId', 'endTxn'])

/** A nullable string: its length in two bytes, −1 for null. @returns it, and where it ends */
function stringAt(bytes: Buffer, at: number): [string, number] {
  const end = at + 2 + Math.max(0, bytes.readInt16BE(at))
  return [bytes.toString('utf8', at + 2, end), end]
}
