/** A Confluent-compatible schema registry that keeps everything in memory: a restart has forgotten it. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { type Jit, jvmOptions } from './kafka.ts'
import { ensurePrograms } from './programs.ts'
import { type Say, runWithSay } from './run-with-say.ts'
import type { Command } from './service.ts'

export const APICURIO_VERSION = '2.6.13.Final' // 3.x needs Java 21
const ARTIFACT = `io.apicurio:apicurio-registry-app:${APICURIO_VERSION}:tar.gz:all`

export const registryUrl = (port: number): string => `http://127.0.0.1:${port}/apis/ccompat/v7`

/** @param folder - for its log; created where it is missing */
export async function registry(folder: string, port: number, jit: Jit, say: Say): Promise<Command> {
  const home = await registryHome(say)
  mkdirSync(folder, { recursive: true })
  const http = ['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`]
  const jar = join(home, `apicurio-registry-app-${APICURIO_VERSION}-runner.jar`)
  return {
    name: 'registry',
    file: 'java',
    args: ['-Xms128m', '-Xmx512m', ...jvmOptions(jit), ...http, '-jar', jar],
    sign: `http.port=${port}`,
    logFile: join(folder, 'registry.log'),
    isReady: () => answers(`${registryUrl(port)}/subjects`),
  }
}

async function registryHome(say: Say): Promise<string> {
  await ensurePrograms(['java'], say)
  return cached(`apicurio-${APICURIO_VERSION}`, async folder => {
    await ensurePrograms(['mvn'], say)
    const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'
    const args = ['-q', '-B', plugin, `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${folder}`]
    await runWithSay(`downloading the registry ${APICURIO_VERSION} (142 MB)`, 'mvn', args, { cwd: folder }, say)
    const archive = join(folder, `apicurio-registry-app-${APICURIO_VERSION}-all.tar.gz`)
    await runWithSay('unpacking the registry', 'tar', ['-xzf', archive, '-C', folder], {}, say)
    rmSync(archive)
  })
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false // not listening yet
  }
}
