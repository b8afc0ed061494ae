import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { DiskReserve } from '../../../connectors/embedded/disk-reserve.ts'

const PAGE = 4096

it('makes the file longer than what is used and wanted, once for many, and never touches what is there', () => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-reserve-'))
  const path = join(directory, 'file')
  try {
    const before = Buffer.alloc(3 * PAGE, 7)
    writeFileSync(path, before)
    let lastPage = 2
    let asked = 0
    const reserve = new DiskReserve(path, () => {
      asked++
      return lastPage
    })
    reserve.take(100, 2)
    const first = statSync(path).size
    assert(first >= 3 * PAGE + 2 * (100 + 2 * PAGE))
    for (let n = 0; n < 3; n++) reserve.take(1_000, 2)
    assert.equal(statSync(path).size, first)
    assert.equal(asked, 1)
    lastPage = first / PAGE - 1
    reserve.take(5_000_000, 0)
    assert(statSync(path).size >= first + 10_000_000)
    reserve.close()
    const after = readFileSync(path)
    assert(after.subarray(0, before.length).equals(before))
    assert(after.subarray(before.length).every(byte => byte === 0))
  } finally {
    rmSync(directory, { recursive: true })
  }
})
