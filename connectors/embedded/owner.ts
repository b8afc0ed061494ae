/**
 * One process holds a directory. The owner stands in LMDB itself and is claimed in a write transaction, whose lock all
 * processes share and which survives the death of its holder; so two processes starting at once cannot both win. What a
 * killed process leaves behind is known by its pid, its start time and the machine's boot.
 */
import { readFileSync } from 'node:fs'

export interface Owner {
  readonly pid: number
  /** Boot id and start time of the process; empty where the system does not tell. */
  readonly birth: string
}

export const thisProcess = (): Owner => ({ pid: process.pid, birth: birthOf(process.pid) })

/** True also for this very process. Processes that cannot see each other's pids (containers) must not share a directory. */
export function isRunning(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    // EPERM: it runs as somebody else.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
  }
  const birth = birthOf(owner.pid)
  return birth === '' || owner.birth === '' || birth === owner.birth
}

function birthOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold anything, so count from behind it: the start time is field 22 of all.
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${startTime}`
  } catch {
    // No /proc on this system, or the process is gone: the pid alone must do.
    return ''
  }
}
