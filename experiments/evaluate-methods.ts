/** Evaluates methods one after the other on one log and protocol; each is led through the same steps. */
import type { Answers } from './evaluate.ts'
import { evaluate } from './evaluate.ts'
import type { EventLog } from './event-log.ts'
import { methodOf } from './methods.ts'
import { type ProtocolOptions, protocolOf } from './protocols/protocols.ts'
import { type EvaluationResult, type MetricAt, resultOf } from './result.ts'

export interface EvaluateMethodsOptions extends ProtocolOptions {
  readonly protocol: string
  /** The first is the one the others are compared with. */
  readonly methods: readonly string[]
  /** List lengths that figures are made for; lists are asked for with the greatest. */
  readonly ks: readonly number[]
  /** Default by protocol, see {@link mainMetric}. */
  readonly main?: MetricAt
  readonly signal?: AbortSignal
  readonly onProgress?: (method: string, done: number, total: number) => void
  readonly onDone?: (method: string, answers: Answers) => void
}

export async function evaluateMethods(log: EventLog, options: EvaluateMethodsOptions): Promise<EvaluationResult> {
  const protocol = protocolOf(options.protocol, log, options)
  const main = options.main ?? mainMetric(protocol.name)
  const ks = [...new Set([...options.ks, main.k])].sort((a, b) => a - b)
  const all: Answers[] = []
  for (const name of options.methods) {
    const method = await methodOf(name, log, protocol)
    try {
      const answers = await evaluate(log, protocol, method, {
        k: Math.max(...ks),
        ...(options.signal && { signal: options.signal }),
        onProgress: (done, total) => options.onProgress?.(method.name, done, total),
      })
      options.onDone?.(method.name, answers)
      all.push(answers)
    } finally {
      await method.close?.()
    }
  }
  return resultOf(log, protocol, all, { ks, main, seed: options.seed })
}

/** What a protocol is judged by where nobody says. */
export function mainMetric(protocol: string): MetricAt {
  if (protocol.startsWith('session')) return { metric: 'MRR', k: 20 }
  if (protocol.startsWith('prequential')) return { metric: 'Recall', k: 20 }
  if (protocol.startsWith('next-basket')) return { metric: 'NDCG', k: 10 }
  if (protocol.startsWith('held-item')) return { metric: 'HR', k: 10 }
  return { metric: 'NDCG', k: 20 }
}
