/** What `doctor` looks at on this machine: Node, the data directory, the read API. */
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { FreshetError } from '../schemas/errors.ts'
import type { Config } from '../topology/config.ts'
import { apiUrl, askApi } from './api-client.ts'
import { makeLogger, openLog } from './assemble.ts'
import type { Finding } from './doctor.ts'

/** As `freshet.mjs` has it, which must run on any Node and so keeps a copy. */
const WANTED = [22, 18] as const

/** @param version - `24.1.0` */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isWell = major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])
  const says = `${version}${isWell ? '' : `, wanted ${WANTED.join('.')} or newer`}`
  return { what: 'Node', isWell, says, ...(!isWell && { remedy: 'install a newer one from https://nodejs.org' }) }
}

/** Opens the log only where there is one. */
export async function checkDataDirectory(config: Config): Promise<Finding> {
  const what = 'data directory'
  const directory = resolve(config.dataDir)
  if (!existsSync(join(directory, 'log'))) {
    const parent = existsSync(directory) ? directory : dirname(directory)
    try {
      accessSync(parent, constants.W_OK)
      return { what, isWell: true, says: `${directory}: empty, the first start fills it` }
    } catch (error) {
      const remedy = 'make it writable, or set FRESHET_DATA_DIR to another'
      return { what, isWell: false, says: `${parent}: ${messageOf(error)}`, remedy }
    }
  }
  try {
    const log = await openLog(config, makeLogger('silent'))
    await log.close()
    return { what, isWell: true, says: `${directory}: a log, not in use` }
  } catch (error) {
    if (error instanceof FreshetError && error.code === 'DIRECTORY_IN_USE')
      return { what, isWell: true, says: `${directory}: in use by a running Freshet` }
    const remedy = 'begin anew with `freshet start --reset`, or set FRESHET_DATA_DIR to another'
    return { what, isWell: false, says: `${directory}: ${messageOf(error)}`, remedy }
  }
}

/** Not running is no problem: `doctor` is for before the start too. */
export async function checkApi(config: Config): Promise<Finding> {
  const what = 'read API'
  const url = apiUrl(config)
  try {
    await askApi(url, '/health/live')
  } catch {
    return { what, isWell: true, says: `nothing answers at ${url}: not started` }
  }
  try {
    await askApi(url, '/health/ready')
    return { what, isWell: true, says: `ready at ${url}` }
  } catch (error) {
    const remedy = 'wait a little; if it lasts, see its log'
    return { what, isWell: false, says: messageOf(error), remedy }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
