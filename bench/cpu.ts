/** CPU time of processes, from /proc: Linux only. */
import { readFileSync } from 'node:fs'

const TICKS_A_SECOND = 100 // USER_HZ, which Linux shows to programs everywhere

/** @returns user and system time of the process with all its threads, seconds */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // from the third field on; the second is a name
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

/** @returns busy time of all cores since the machine started, seconds */
function machineSeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? ''
  )
    .split(' ')
    .map(Number)
  return (user + nice + system + irq + softirq) / TICKS_A_SECOND
}

/** Shares of a core that processes use, from one look to the next; `others` is what is not ours and should be next to nothing. */
export class CpuWatch {
  readonly #pids: ReadonlyMap<string, readonly number[]>
  #seconds: ReadonlyMap<string, number>
  #sinceMs = performance.now()

  /** @param pids - by the name to report */
  constructor(pids: ReadonlyMap<string, readonly number[]>) {
    this.#pids = pids
    this.#seconds = this.#read()
  }

  /** @returns by name: seconds of CPU since the last look, and their share of one core */
  look(): ReadonlyMap<string, { readonly seconds: number; readonly cores: number }> {
    const [before, sinceMs] = [this.#seconds, this.#sinceMs]
    this.#seconds = this.#read()
    this.#sinceMs = performance.now()
    const tookS = (this.#sinceMs - sinceMs) / 1_000
    return new Map(
      Array.from(this.#seconds, ([name, seconds]) => {
        const used = seconds - (before.get(name) ?? 0)
        return [name, { seconds: used, cores: used / tookS }]
      }),
    )
  }

  #read(): ReadonlyMap<string, number> {
    const own = new Map(
      Array.from(this.#pids, ([name, pids]) => [name, pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0)]),
    )
    return own.set('others', machineSeconds() - own.values().reduce((sum, seconds) => sum + seconds, 0))
  }
}
