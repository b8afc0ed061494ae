/** `freshet <verb>`: finds the verb, reads its arguments, and turns an error into a sentence and an exit code. */
import { readFileSync } from 'node:fs'
import { FreshetError } from '../schemas/errors.ts'
import { FILE_VARIABLE } from '../topology/config.ts'
import { type Call, type Command, didYouMean, helpOf, parse, UsageError } from './command.ts'

/** A verb's file is read when it is called: `--help` should not load Kafka. */
const verbs: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start.ts')).start,
  run: async () => (await import('./run.ts')).run,
  serve: async () => (await import('./serve.ts')).serve,
  import: async () => (await import('./import.ts')).importVerb,
  replay: async () => (await import('./replay.ts')).replayVerb,
  send: async () => (await import('./send.ts')).send,
  inspect: async () => (await import('./inspect.ts')).inspect,
  audit: async () => (await import('./audit.ts')).audit,
  redrive: async () => (await import('./redrive.ts')).redrive,
  reshard: async () => (await import('./reshard.ts')).reshard,
  rebuild: async () => (await import('./rebuild.ts')).rebuild,
  topology: async () => (await import('./topology.ts')).topologyVerb,
  services: async () => (await import('./services.ts')).services,
  doctor: async () => (await import('./doctor.ts')).doctor,
  evaluate: async () => (await import('./evaluate.ts')).evaluateVerb,
  tune: async () => (await import('./tune.ts')).tuneVerb,
}
export const verbNames: readonly string[] = Object.keys(verbs)
/** @throws UsageError where there is no such verb */
export async function commandOf(name: string): Promise<Command> {
  if (!Object.hasOwn(verbs, name)) throw new UsageError(`${name}: no such verb${didYouMean(name, verbNames)}`)
  return (verbs[name] as () => Promise<Command>)()
}

/** @returns exit code: 0 done, 1 failed, 2 the command line was not understood */
export async function main(
  given: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
  print: (line: string) => void = line => void process.stdout.write(`${line}\n`),
  say: (line: string) => void = line => void process.stderr.write(`${line}\n`),
): Promise<number> {
  const [name, ...rest] = given
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    if (name === 'help' && rest[0] !== undefined) return main([rest[0], '--help'], env, print, say)
    print(await overview())
    return name === undefined ? 2 : 0
  }
  if (name === '--version') {
    print(version())
    return 0
  }
  try {
    const command = await commandOf(name)
    const { arguments: words, flags } = parse(command, rest)
    if (flags.has('help')) {
      print(helpOf(command))
      return 0
    }
    const file = flags.get('config')
    const call: Call = {
      arguments: words,
      env: file === undefined ? environment(env) : { ...environment(env), [FILE_VARIABLE]: String(file) },
      text: flag => flags.get(flag)?.toString(),
      number: flag => {
        const value = flags.get(flag)
        return typeof value === 'number' ? value : undefined
      },
      isSet: flag => flags.has(flag),
      print,
      say,
    }
    return await command.run(call)
  } catch (error) {
    if (error instanceof UsageError) {
      say(`freshet: ${error.message}`)
      say(`Try: freshet ${Object.hasOwn(verbs, name) ? `${name} ` : ''}--help`)
      return 2
    }
    say(`freshet ${name}: ${error instanceof FreshetError ? `${error.code}: ` : ''}${messageOf(error)}`)
    if (env.FRESHET_LOG_LEVEL === 'debug' && error instanceof Error && error.stack) say(error.stack)
    return 1
  }
}

/** Set by `freshet.mjs` for itself. */
function environment(env: Readonly<Record<string, string | undefined>>) {
  const { FRESHET_BUNDLED_NODE: _, ...rest } = env
  return rest
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const version = (): string => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(verbs).map(load => load()))
  const width = Math.max(...commands.map(one => one.name.length))
  return [
    `freshet ${version()}: recommendations that follow every click`,
    '',
    'freshet <verb> [flags]',
    '',
    ...commands.map(one => `  ${one.name.padEnd(width)}  ${one.summary}`),
    '',
    'Each verb has --help with an example. Options come from the environment, see docs/configuration.md.',
    '',
  ].join('\n')
}
