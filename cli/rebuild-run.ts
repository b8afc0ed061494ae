/**
 * One generation beside the live one: its stages and its sink run in this process, the sink into a database of its own under the
 * same names of keys. The switch is SWAPDB, then the mark that tells which generation a start takes.
 *
 *   building ─► caught up ─► compared ─► switched ─► running as the live one
 *       └───────────┴────────────┴── Ctrl-C: the next call goes on with the same generation
 */
import type { Redis } from 'ioredis'
import { Progress } from '../connectors/progress.ts'
import { type Comparison, compareLists } from '../connectors/redis/compare-lists.ts'
import { checkOwn, connect, databaseOf, filledFrom, withDatabase } from '../connectors/redis/databases.ts'
import type { Sink } from '../connectors/sink.ts'
import { FreshetError } from '../schemas/errors.ts'
import { topicName, topics } from '../schemas/topics.ts'
import type { Config } from '../topology/config.ts'
import { makeLive, readLive } from '../topology/generations.ts'
import type { Running } from '../topology/runner.ts'
import { type Foundation, makeLogger, openFoundation, openLog, startStages } from './assemble.ts'
import type { Call } from './command.ts'
import { untilCaughtUp } from './rebuild-caught-up.ts'
import { openView, startSink } from './serving.ts'
import { stopSignal, untilAborted } from './stop-signal.ts'

/** The view whose work depends on what all others have done by then. */
const LISTS = 'list'
const COMPARED_KEYS = ['rec', 'similar'] as const

export interface RebuildTarget {
  readonly config: Config
  readonly redisUrl: string
  /** Database to fill. Default: the one after the live one. */
  readonly spare: number | undefined
}

export class Rebuild {
  readonly #target: RebuildTarget
  readonly #call: Call
  readonly #shown: (one: Comparison) => string[]
  readonly #signal: AbortSignal
  readonly #failed = new AbortController()
  readonly #stops: (() => Promise<unknown>)[] = []
  #fatal: Error | undefined

  constructor(target: RebuildTarget, call: Call, shown: (one: Comparison) => string[]) {
    this.#target = target
    this.#call = call
    this.#shown = shown
    this.#signal = AbortSignal.any([stopSignal(call.say), this.#failed.signal])
  }

  /** @returns exit code */
  async run(): Promise<number> {
    let code = 0
    try {
      await this.#run()
    } catch (error) {
      if (!this.#signal.aborted) this.#fatal ??= error instanceof Error ? error : new Error(String(error))
      else if (!this.#fatal) code = 1
    }
    for (const stop of this.#stops.reverse()) await stop()
    if (this.#fatal) throw this.#fatal
    if (code === 1) this.#call.say('stopped; the next call goes on here')
    return code
  }

  async #run(): Promise<void> {
    const { config, redisUrl } = this.#target
    const live = databaseOf(redisUrl)
    const spare = this.#target.spare ?? live + 1
    if (spare === live)
      throw new FreshetError(
        'INVALID_CONFIG',
        `--redis-db: wanted another database than ${live}, which is the live one`,
      )
    const generation = await this.#generation()
    const parts = await openFoundation(config, makeLogger('warn'), { mode: 'once', generation })
    this.#stops.push(() => parts.close())
    const [liveRedis, spareRedis] = [await this.#connect(live), await this.#connect(spare)]
    const isSwapped = await this.#isFilledFrom(liveRedis, parts)
    if (!isSwapped) await this.#checkSpare(spareRedis, parts, spare)
    // A list is built when its visitor's events come, and with what is known then: it has to wait for what it is built from.
    const isLate = (name: string) => name === LISTS
    const names = [...parts.topology.stages, ...parts.topology.views].map(({ name }) => name)
    const running = await this.#start(
      parts,
      names.filter(name => !isLate(name)),
    )
    if (!isSwapped) await this.#catchUp(parts, running)
    const lists = await this.#start(parts, names.filter(isLate))
    let sink = await this.#startSink(parts, isSwapped ? live : spare)
    this.#stops.push(() => sink.stop())
    if (!isSwapped) {
      await this.#catchUp(parts, lists, sink.sink)
      this.#tell({ kind: 'caught-up', generation }, `generation ${generation} has caught up`)
      if (this.#call.isSet('compare')) await this.#compare(liveRedis, spareRedis)
    }
    if (!this.#call.isSet('switch')) return
    if (!isSwapped) {
      await checkOwn(liveRedis, config.namespace, live)
      await checkOwn(spareRedis, config.namespace, spare)
      await sink.stop()
      this.#signal.throwIfAborted()
      await liveRedis.call('SWAPDB', live, spare)
      sink = await this.#startSink(parts, live)
    }
    await makeLive(parts.log, config.namespace, generation)
    this.#tell(
      { kind: 'switched', generation },
      `generation ${generation} is live. Start \`freshet run\` again everywhere: it takes over from here. Then Ctrl-C, and later --drop-old`,
    )
    await untilAborted(this.#signal)
  }

  /** The one after the live one. */
  async #generation(): Promise<number> {
    const { config } = this.#target
    const log = await openLog(config, makeLogger('warn'))
    try {
      return (await readLive(log, config.namespace)).generation + 1
    } finally {
      await log.close()
    }
  }

  async #connect(database: number): Promise<Redis> {
    const redis = await connect(withDatabase(this.#target.redisUrl, database))
    this.#stops.push(async () => redis.disconnect())
    return redis
  }

  /** True of the live database where the last call died between the switch and its mark. */
  async #isFilledFrom(redis: Redis, { config, generations }: Foundation): Promise<boolean> {
    const found = await filledFrom(redis, this.#target.config.namespace, topics.lists.name)
    return found !== undefined && found === generations.get(topicName(topics.lists, config.namespace))
  }

  /** @throws FreshetError INVALID_CONFIG where it holds anything but an earlier call's work */
  async #checkSpare(redis: Redis, parts: Foundation, spare: number): Promise<void> {
    const size = await redis.dbsize()
    if (size === 0 || (await this.#isFilledFrom(redis, parts))) return
    const message = `database ${spare} of Redis: wanted an empty one, got one of ${size} keys; name another by --redis-db, or if it is the old generation, \`freshet rebuild --drop-old\``
    throw new FreshetError('INVALID_CONFIG', message)
  }

  async #startSink(parts: Foundation, database: number): Promise<{ sink: Sink; stop(): Promise<void> }> {
    const redisUrl = withDatabase(this.#target.redisUrl, database)
    const view = await openView({ ...parts, config: { ...parts.config, redisUrl } }, this.#onFatal)
    const sink = await startSink(parts, view, this.#onFatal)
    let isStopped = false
    return {
      sink,
      async stop() {
        if (isStopped) return
        isStopped = true
        await sink.stop()
        await view.close()
      },
    }
  }

  async #start(parts: Foundation, names: readonly string[]): Promise<Running> {
    this.#signal.throwIfAborted()
    const running = await startStages(parts, this.#onFatal, names)
    this.#stops.push(() => running.stop())
    return running
  }

  async #catchUp(parts: Foundation, running: Running, sink?: Sink): Promise<void> {
    let progress: Progress | undefined
    let last = ''
    await untilCaughtUp(parts, running, sink, this.#signal, ({ name, done, total }) => {
      if (name !== last)
        progress = new Progress({ label: name, unit: 'offsets', stream: process.stderr, now: Date.now })
      last = name
      if (done === total) progress?.end(done, total)
      else progress?.update(done, total)
    })
  }

  async #compare(before: Redis, after: Redis): Promise<void> {
    for (const name of COMPARED_KEYS) {
      const one = await compareLists(before, after, this.#target.config.namespace, name, this.#signal)
      this.#tell({ kind: 'comparison', ...one }, ...this.#shown(one))
    }
  }

  #tell(result: object, ...lines: string[]): void {
    if (this.#call.isSet('json')) this.#call.print(JSON.stringify(result))
    else for (const line of lines) this.#call.print(line)
  }

  readonly #onFatal = (error: Error): void => {
    if (this.#signal.aborted) return
    this.#fatal = error
    this.#failed.abort()
  }
}
