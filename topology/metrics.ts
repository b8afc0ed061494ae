/** What the runtime measures; name, help and unit together. One instance a process. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { KeptCounter, KeptHistogram } from './kept-series.ts'

const MS_BUCKETS = [1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 250, 500, 1_000, 2_500, 5_000, 10_000]

export class RuntimeMetrics {
  readonly registry: Registry
  readonly records: Counter<'stage'>
  readonly rejected: Counter<'stage' | 'code'>
  readonly counted: KeptCounter<'processor' | 'counter'>
  readonly commitMs: KeptHistogram<'stage'>
  readonly commitRecords: KeptHistogram<'stage'>
  readonly reopened: Counter<'stage' | 'reason'>
  readonly restoreMs: Histogram<'stage'>
  readonly built: KeptCounter<'view'>
  readonly buildMs: KeptHistogram<'view'>
  readonly dirty: Gauge<'view'>
  readonly listAgeMs: KeptHistogram<'view'>
  readonly lag: Gauge<'stage' | 'topic' | 'partition'>

  constructor(registry = new Registry()) {
    this.registry = registry
    const registers = [registry]
    this.records = new Counter({
      name: 'freshet_stage_records_total',
      help: 'Source records processed, by stage',
      labelNames: ['stage'],
      registers,
    })
    this.rejected = new Counter({
      name: 'freshet_rejected_total',
      help: 'Records set aside, by code of docs/errors.md',
      labelNames: ['stage', 'code'],
      registers,
    })
    this.counted = new KeptCounter({
      name: 'freshet_processor_events_total',
      help: 'What processors count, see `freshet topology --counters`',
      labelNames: ['processor', 'counter'],
      registry,
    })
    this.commitMs = new KeptHistogram({
      name: 'freshet_commit_milliseconds',
      help: 'Transaction of a task, begin to acknowledged',
      labelNames: ['stage'],
      buckets: MS_BUCKETS,
      registry,
    })
    this.commitRecords = new KeptHistogram({
      name: 'freshet_commit_records',
      help: 'Records written per transaction',
      labelNames: ['stage'],
      buckets: [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000],
      registry,
    })
    this.reopened = new Counter({
      name: 'freshet_task_reopened_total',
      help: 'Tasks opened again after a failed commit',
      labelNames: ['stage', 'reason'],
      registers,
    })
    this.restoreMs = new Histogram({
      name: 'freshet_restore_milliseconds',
      help: 'Opening of a task, fencing to running',
      labelNames: ['stage'],
      buckets: [...MS_BUCKETS, 20_000, 60_000],
      registers,
    })
    this.built = new KeptCounter({
      name: 'freshet_view_built_total',
      help: 'Keys built by V stages',
      labelNames: ['view'],
      registry,
    })
    this.buildMs = new KeptHistogram({
      name: 'freshet_view_build_milliseconds',
      help: 'Time to build one key',
      labelNames: ['view'],
      buckets: [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 50],
      registry,
    })
    this.dirty = new Gauge({
      name: 'freshet_view_dirty_keys',
      help: 'Keys waiting to be built',
      labelNames: ['view'],
      registers,
    })
    this.listAgeMs = new KeptHistogram({
      name: 'freshet_list_age_milliseconds',
      help: 'list_age: how long a key waited from stale to acknowledged by the log',
      labelNames: ['view'],
      buckets: MS_BUCKETS,
      registry,
    })
    this.lag = new Gauge({
      name: 'freshet_lag_records',
      help: 'Offsets from the next one to process to the end of the input, looked up every 10 s',
      labelNames: ['stage', 'topic', 'partition'],
      registers,
    })
  }
}
