import { Worker } from 'node:worker_threads'
import type { Said, Task } from './thread.ts'
import type { Verdict } from './verify.ts'

/** @throws what keeps the verifier from an answer: a stage that never counts everything, say */
export async function verification(
  task: Task,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  const thread = new Worker(new URL('thread.ts', import.meta.url), { workerData: task })
  const done = Promise.withResolvers<Verdict>()
  thread.on('message', (said: Said) => {
    if (said.kind === 'progress') progress(said.line)
    else if (said.kind === 'verdict') done.resolve(said.verdict)
    else done.reject(said.error)
  })
  thread.on('error', done.reject)
  const stop = () => done.reject(new Error('broken off'))
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await done.promise
  } finally {
    signal.removeEventListener('abort', stop)
    await thread.terminate()
  }
}
