/**
 * What every log must do. A log says by name and with a reason which cases it is not held to; a name that no case has is
 * a failure, so that a case cannot be renamed out of reach.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { groupCases } from './log-port-groups.ts'
import { Harness, type OpenedLog } from './log-port-harness.ts'
import { readCases } from './log-port-reads.ts'
import { writeCases } from './log-port-writes.ts'

const cases = [...writeCases, ...readCases, ...groupCases]

/** @param open - a log for one case; what it holds from other cases does not matter, names are never used twice */
export function logPortSuite(name: string, open: () => Promise<OpenedLog>): void {
  describe(`${name} as a LogPort`, () => {
    test('cases are left out by their name and with a reason', async () => {
      const opened = await open()
      const { leftOut = {}, leaveOpen } = opened.capabilities
      const names = cases.map(one => one.name)
      assert.equal(new Set(names).size, names.length)
      for (const [left, reason] of Object.entries(leftOut)) {
        assert.ok(names.includes(left), `no case is called ${left}`)
        assert.ok(reason.length > 0, left)
      }
      const needing = cases.filter(one => one.run.toString().includes('leaveOpen')).map(one => one.name)
      if (!leaveOpen) for (const one of needing) assert.ok(one in leftOut, `${one}: needs leaveOpen`)
      await opened.cleanup()
    })
    for (const { name: sentence, run } of cases) {
      test(sentence, { timeout: 60_000 }, async t => {
        const opened = await open()
        try {
          const reason = opened.capabilities.leftOut?.[sentence]
          if (reason === undefined) await run(new Harness(opened))
          else t.diagnostic(`left out: ${reason}`)
        } finally {
          await opened.cleanup()
        }
      })
    }
  })
}
