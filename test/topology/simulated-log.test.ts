import assert from 'node:assert/strict'
import { logPortSuite } from '../conformance/log-port.ts'
import type { StepLabel, Verdict } from '../../topology/scheduler.ts'
import { CrashedError } from '../../topology/simulated-client.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'

logPortSuite('the simulated log', async () => {
  let verdicts: Partial<Record<StepLabel, Verdict>> = {}
  const log = new SimulatedLog({ scheduler: { step: (_client, label) => verdicts[label] ?? 'run' } })
  return {
    log,
    cleanup: () => log.close(),
    capabilities: {
      async leaveOpen(id, records) {
        const transactor = await log.client('dying').transactor(id)
        verdicts = { 'commit:end': 'crash' }
        await assert.rejects(transactor.commit(records), CrashedError)
        verdicts = {}
      },
    },
  }
})
