/** What a verb of the command line is, how its arguments are read, and its help. */
import { nearestName } from '../topology/nearest-name.ts'

export interface Flag {
  /** A switch takes no value; a text and a number take one. */
  readonly kind: 'switch' | 'text' | 'number'
  /** Stands for the value in the help, `FILE`. */
  readonly value?: string
  readonly means: string
  /** Allowed values of a text. */
  readonly among?: readonly string[]
}

export interface Command {
  readonly name: string
  /** One line. */
  readonly summary: string
  /** Arguments after the verb as the help shows them, `[data set | FILE]`. */
  readonly usage: string
  /** How many arguments that are no flags: least and most. */
  readonly arguments: readonly [number, number]
  readonly flags: Readonly<Record<string, Flag>>
  /** More lines for the help. */
  readonly details?: string
  /** Whole command lines, the first of them the plainest. */
  readonly examples: readonly string[]
  /** @returns the exit code */
  run(call: Call): Promise<number>
}

export interface Call {
  readonly arguments: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  text(flag: string): string | undefined
  number(flag: string): number | undefined
  isSet(flag: string): boolean
  /** Results, on stdout. */
  print(line: string): void
  /** What happens meanwhile, on stderr. */
  say(line: string): void
}

/** The command line was not understood; the message says what would be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const common: Readonly<Record<string, Flag>> = {
  config: { kind: 'text', value: 'FILE', means: 'read options from this JSON file, see docs/configuration.md' },
  help: { kind: 'switch', means: 'show this' },
}

export interface Parsed {
  readonly arguments: readonly string[]
  readonly flags: ReadonlyMap<string, string | number | true>
}

/** @throws UsageError */
export function parse(command: Command, given: readonly string[]): Parsed {
  const known = { ...command.flags, ...common }
  const rest: string[] = []
  const flags = new Map<string, string | number | true>()
  for (let at = 0; at < given.length; at++) {
    const word = given[at] as string
    if (word === '--') {
      rest.push(...given.slice(at + 1))
      break
    }
    if (word === '-h') flags.set('help', true)
    else if (!word.startsWith('--')) rest.push(word)
    else {
      const [name = '', inline] = splitOnce(word.slice(2))
      const flag = known[name]
      if (!flag) throw new UsageError(`--${name}: no such flag${didYouMean(name, Object.keys(known), '--')}`)
      if (flag.kind === 'switch') {
        if (inline !== undefined) throw new UsageError(`--${name} takes no value, got ${JSON.stringify(inline)}`)
        flags.set(name, true)
      } else {
        const value = inline ?? given[++at]
        if (value === undefined) throw new UsageError(`--${name} wants a value, ${flag.value ?? 'TEXT'}`)
        flags.set(name, valueFor(name, flag, value))
      }
    }
  }
  const [least, most] = command.arguments
  if (!flags.has('help') && (rest.length < least || rest.length > most))
    throw new UsageError(
      rest.length < least
        ? `${command.name} wants ${command.usage.trim()}`
        : `${command.name}: did not expect ${JSON.stringify(rest[most])}`,
    )
  return { arguments: rest, flags }
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function valueFor(name: string, flag: Flag, value: string): string | number {
  if (flag.among && !flag.among.includes(value))
    throw new UsageError(`--${name}: wanted one of ${flag.among.join(', ')}, got ${JSON.stringify(value)}`)
  if (flag.kind === 'text') return value
  const number = value.trim() === '' ? Number.NaN : Number(value)
  if (!Number.isFinite(number)) throw new UsageError(`--${name}: wanted a number, got ${JSON.stringify(value)}`)
  return number
}

export function didYouMean(name: string, known: Iterable<string>, prefix = ''): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : `; did you mean ${prefix}${nearest}?`
}

export function helpOf(command: Command): string {
  const rows = Object.entries({ ...command.flags, ...common }).map(([name, flag]) => {
    const value = flag.kind === 'switch' ? '' : ` ${flag.value ?? (flag.kind === 'number' ? 'N' : 'TEXT')}`
    return [`  --${name}${value}`, flag.means] as const
  })
  const width = Math.max(...rows.map(([left]) => left.length))
  return [
    `freshet ${command.name} ${command.usage}`.trimEnd(),
    '',
    `  ${command.summary}`,
    ...(command.details === undefined ? [] : ['', ...command.details.split('\n').map(line => `  ${line}`)]),
    '',
    'Flags:',
    ...rows.map(([left, means]) => `${left.padEnd(width)}  ${means}`),
    '',
    command.examples.length === 1 ? 'Example:' : 'Examples:',
    ...command.examples.map(line => `  ${line}`),
    '',
  ].join('\n')
}
