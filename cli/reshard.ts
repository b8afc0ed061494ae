/** `freshet reshard`: the sources of a namespace in another one, with another number of partitions. */
import { Progress } from '../connectors/progress.ts'
import { reshard as copy, type ReshardResult } from '../connectors/reshard.ts'
import { loadConfig } from '../topology/config.ts'
import { FencedError } from '../topology/log-port.ts'
import { appOf } from '../topology/runner.ts'
import { makeLogger, openLog } from './assemble.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { stopSignal } from './stop-signal.ts'
import { withFlags } from './with-flags.ts'

export const reshard: Command = {
  name: 'reshard',
  summary: 'copy interactions, items and users to another namespace with another number of partitions',
  usage: '--partitions N --to NAMESPACE [flags]',
  arguments: [0, 0],
  flags: {
    partitions: { kind: 'number', value: 'N', means: 'partitions of the topics of the new namespace' },
    to: { kind: 'text', value: 'NAMESPACE', means: 'the new namespace, empty or begun by an earlier call' },
    'data-dir': { kind: 'text', value: 'DIR', means: 'data directory, instead of FRESHET_DATA_DIR' },
    json: { kind: 'switch', means: 'print the result as one JSON object' },
  },
  details:
    'Copies from FRESHET_NAMESPACE. The order of each key and the append times are kept, so that a chain that runs on the\ncopy ends with equal digests. Ctrl-C is safe: the next call goes on, and copies what has come in since.',
  examples: [
    'npx freshet reshard --partitions 12 --to wide',
    'FRESHET_NAMESPACE=wide npx freshet inspect state --digest',
  ],
  async run(call) {
    const partitions = call.number('partitions')
    const to = call.text('to')
    if (partitions === undefined) throw new UsageError('--partitions is wanted: how many the copy has')
    if (to === undefined) throw new UsageError('--to is wanted: the namespace of the copy')
    const env = withFlags(call, { 'data-dir': 'FRESHET_DATA_DIR' })
    const config = loadConfig(env)
    if (to === config.namespace) throw new UsageError(`--to: wanted another namespace than ${to}`)
    // Checked as the options of the same meaning are.
    const target = loadConfig({ ...env, FRESHET_NAMESPACE: to, FRESHET_PARTITIONS: String(partitions) })
    const log = await openLog(config, makeLogger('warn'))
    const signal = stopSignal(call.say)
    const progress = new Progress({ label: 'reshard', unit: 'offsets', stream: process.stderr, now: Date.now })
    let [done, total] = [0, 0]
    try {
      const result = await copy({
        log,
        from: config.namespace,
        to,
        partitions: target.partitions,
        lease: `${appOf(to)}.reshard`,
        signal,
        onProgress(nowDone, nowTotal) {
          ;[done, total] = [nowDone, nowTotal]
          progress.update(done, total)
        },
      })
      progress.end(done, total)
      show(call, result, to)
      return result.isWhole ? 0 : 1
    } catch (error) {
      if (!(error instanceof FencedError)) throw error
      throw new Error('another reshard to the same namespace began meanwhile', { cause: error })
    } finally {
      await log.close()
    }
  },
}

function show(call: Call, result: ReshardResult, to: string): void {
  if (call.isSet('json')) {
    call.print(JSON.stringify(result))
    return
  }
  const grouped = (n: number) => n.toLocaleString('en-US')
  const copied = Object.entries(result.copied)
  if (copied.length === 0) call.print('nothing new to copy')
  for (const [topic, count] of copied) call.print(`${topic}: ${grouped(count)} records copied`)
  if (result.misplaced > 0)
    call.print(
      `${grouped(result.misplaced)} misplaced records left out: see \`freshet redrive --code MISPLACED_KEY\` of the old namespace`,
    )
  call.print(
    result.isWhole ? `the copy is whole; run it with FRESHET_NAMESPACE=${to}` : 'stopped; the next call goes on here',
  )
}
