/**
 * Ends processes and removes a folder when this process is gone, however it went: a shell holds the other end of a pipe
 * and sees it close even after SIGKILL.
 */
import { spawn } from 'node:child_process'

/** Lines on stdin: `add PID`, `end PID`, `done`. The end of the input without `done` is our death. */
const WATCH = `
pids=
while read -r word pid; do
  case $word in
    add) pids="$pids $pid" ;;
    end) kept=; for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done; pids=$kept ;;
    done) exit 0 ;;
  esac
done
for p in $pids; do kill -9 "$p"; done
sleep 1 # else a dying process may still write into the folder
rm -rf -- "$1"
`

export class Guard {
  readonly #tell: (line: string) => void

  /** @param folder - removed with our death, not by \`close\` */
  constructor(folder: string) {
    const shell = spawn('sh', ['-c', WATCH, 'sh', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    shell.on('error', error => process.emitWarning(`services outlive a crash: ${error.message}`))
    shell.stdin.on('error', () => undefined) // it was killed from outside: nothing guards then, and nothing can be done
    shell.unref()
    this.#tell = line => void shell.stdin.write(`${line}\n`)
    // A handle that is open keeps the process alive, and a guard must not.
    if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref()
  }

  add(pid: number): void {
    this.#tell(`add ${pid}`)
  }

  end(pid: number): void {
    this.#tell(`end ${pid}`)
  }

  /** Nothing is left to guard. */
  close(): void {
    this.#tell('done')
  }
}
