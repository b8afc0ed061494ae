/** A disk that is full: a clear error, nothing lost, and the same process goes on when there is room again. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'
import { readToEnd } from '../../../topology/read-to-end.ts'
import { liftLimit, spawnUnderLimit } from './under-limit.ts'

const CHILD = new URL('./fill-disk.ts', import.meta.url).pathname
const KILOBYTES = 3_000

class Filling {
  readonly directory: string
  readonly child: ChildProcess
  readonly #lines: AsyncIterator<string>
  acknowledged = 0

  constructor(t: TestContext) {
    this.directory = mkdtempSync(join(tmpdir(), 'freshet-full-'))
    this.child = spawnUnderLimit(KILOBYTES, [CHILD, this.directory])
    assert(this.child.stdout)
    this.child.stderr?.resume() // lmdb says there what it has told before
    this.#lines = createInterface(this.child.stdout)[Symbol.asyncIterator]()
    t.after(() => {
      this.child.kill('SIGKILL')
      rmSync(this.directory, { recursive: true })
    })
  }

  /** @returns the next line that says that it is full */
  async untilFull(): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      assert(!done, 'it goes on')
      if (value.startsWith('full ')) return value
      this.#count(value)
    }
  }

  /** Waits for so many more acknowledgements. */
  async more(count: number): Promise<void> {
    for (const wanted = this.acknowledged + count; this.acknowledged < wanted; ) {
      const { value, done } = await this.#lines.next()
      assert(!done, 'it goes on')
      if (!value.startsWith('full ')) this.#count(value)
    }
  }

  #count(line: string): void {
    assert.equal(Number(line), this.acknowledged, 'in order, each once')
    this.acknowledged++
  }

  async kill(): Promise<void> {
    const exit = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exit
  }
}

/** Every acknowledged transaction is there whole and once. @returns how many there are */
async function transactionsIn(directory: string): Promise<number> {
  const log = await EmbeddedLog.open({ directory })
  const numbers: number[] = []
  let last = -1
  await readToEnd(log, ['stream', 'table'], ({ topic, value }) => {
    const number = Number(value?.toString().split(' ')[0])
    if (topic === 'stream') numbers.push(number)
    else last = number
  })
  await log.close()
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => Math.floor(index / 2)),
  )
  assert.equal(last, numbers.at(-1), 'stream and table are of the same transaction')
  return numbers.length / 2
}

test('the error has a code and names the directory; with room again the same process goes on, nothing lost or twice', {
  timeout: 60_000,
}, async t => {
  const filling = new Filling(t)
  const said = await filling.untilFull()
  assert.match(said, /^full DISK_FULL /)
  assert(said.includes(filling.directory))
  assert(filling.acknowledged > 10)
  await filling.untilFull()
  await filling.untilFull()
  liftLimit(filling.child)
  await filling.more(50)
  await filling.kill()
  assert((await transactionsIn(filling.directory)) >= filling.acknowledged)
})

test('killed while it is full, the next process finds all that was acknowledged', { timeout: 60_000 }, async t => {
  const filling = new Filling(t)
  await filling.untilFull()
  await filling.kill()
  assert((await transactionsIn(filling.directory)) >= filling.acknowledged)
})
