/** The programs that services, and tests of the documents, need from the machine, and how they get there. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { withLock } from './lock.ts'
import { type Say, runWithSay } from './run-with-say.ts'

/** Program → Debian package. */
const PACKAGES = {
  java: 'default-jre-headless',
  javac: 'default-jdk-headless',
  mvn: 'maven',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  kcat: 'kcat',
  curl: 'curl',
} as const
export type Program = keyof typeof PACKAGES

const MIN_JAVA = 17
const INSTALLING = join(tmpdir(), 'freshet-installing.lock')

/** Installs what is missing where we may. @throws naming the packages where we may not */
export async function ensurePrograms(programs: readonly Program[], say: Say): Promise<void> {
  const missing = () => programs.filter(program => !isThere(program))
  // Two runs of apt-get at once refuse or delete each other's archives.
  if (missing().length > 0) await withLock(INSTALLING, () => install(missing(), say))
  if (programs.includes('java')) checkJava()
}

function isThere(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)))
}

async function install(programs: readonly Program[], say: Say): Promise<void> {
  if (programs.length === 0) return // another process has installed them while we waited
  const packages = programs.map(program => PACKAGES[program])
  const wanted = `${programs.join(', ')} missing; install the Debian package${packages.length > 1 ? 's' : ''} ${packages.join(' ')} or the like`
  if (process.getuid?.() !== 0 || !isThere('apt-get')) throw new Error(wanted)
  // RUNLEVEL=1 keeps the packages from starting services of their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  await runWithSay('updating the package lists', 'apt-get', ['update', '-qq'], { env }, say)
  const args = ['install', '-y', '-qq', '--no-install-recommends', ...packages]
  await runWithSay(`installing ${packages.join(', ')}`, 'apt-get', args, { env }, say)
  const still = programs.filter(program => !isThere(program))
  if (still.length > 0) throw new Error(`${still.join(', ')} still missing after apt-get install ${packages.join(' ')}`)
}

/** @returns as Java says it, say `17.0.15`; "" where it says none */
export function javaVersion(): string {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  return /version "([^"]*)"/.exec(stderr ?? '')?.[1] ?? ''
}

function checkJava(): void {
  const got = javaVersion()
  if (Number(/^(?:1\.)?(\d+)/.exec(got)?.[1] ?? 0) >= MIN_JAVA) return
  throw new Error(`java: wanted version ${MIN_JAVA} or later (Debian: default-jre-headless), got ${got || 'none'}`)
}
