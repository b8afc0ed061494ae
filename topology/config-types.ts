/** The kinds of options: each reads a value from the environment (a string) or from a file (JSON) and says what it wants. */

export interface Option<T> {
  /** What is wanted, in words: `an integer, 0 to 65,535`. */
  readonly wants: string
  /** ms, bytes, …; "" for a value without unit. */
  readonly unit: string
  readonly default: T
  /** How the default stands in the documents where it depends on other options. */
  readonly defaultInWords?: string
  readonly sentence: string
  /** A secret is never printed. */
  readonly isSecret: boolean
  /** @throws RangeError `wanted …, got …` */
  read(raw: unknown): T
}

interface About {
  readonly unit?: string
  readonly secret?: boolean
  readonly defaultInWords?: string
}

function option<T>(
  wants: string,
  fallback: T,
  sentence: string,
  about: About,
  parse: (raw: unknown) => T | undefined,
): Option<T> {
  return {
    wants,
    unit: about.unit ?? '',
    default: fallback,
    ...(about.defaultInWords === undefined ? {} : { defaultInWords: about.defaultInWords }),
    sentence,
    isSecret: about.secret ?? false,
    read(raw) {
      const value = parse(raw)
      if (value === undefined)
        throw new RangeError(`wanted ${wants}, got ${about.secret ? 'something else' : shown(raw)}`)
      return value
    },
  }
}

export const shown = (raw: unknown): string => JSON.stringify(raw) ?? String(raw)
const count = (n: number) => n.toLocaleString('en-US')
const number = (raw: unknown): number | undefined => {
  const value = typeof raw === 'string' && /^-?\d+(\.\d+)?$/.test(raw.trim()) ? Number(raw) : raw
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

type Bounds = About & { min: number; max: number }

/** Bounds included. */
export const integer = (fallback: number, sentence: string, { min, max, ...about }: Bounds): Option<number> =>
  option(`an integer, ${count(min)} to ${count(max)}`, fallback, sentence, about, raw => {
    const value = number(raw)
    return value !== undefined && Number.isInteger(value) && value >= min && value <= max ? value : undefined
  })

/** As {@link integer}, unset where it is not given. */
export const optionalInteger = (sentence: string, bounds: Bounds): Option<number | undefined> => ({
  ...integer(0, sentence, bounds),
  default: undefined,
})

export const flag = (fallback: boolean, sentence: string): Option<boolean> =>
  option('true or false', fallback, sentence, {}, raw => {
    if (typeof raw === 'boolean') return raw
    return raw === 'true' || raw === '1' ? true : raw === 'false' || raw === '0' ? false : undefined
  })

export const text = (fallback: string, sentence: string, wants: string, pattern: RegExp): Option<string> =>
  option(wants, fallback, sentence, {}, raw => (typeof raw === 'string' && pattern.test(raw) ? raw : undefined))

export const optionalText = (sentence: string, about: About & { wants?: string } = {}): Option<string | undefined> =>
  option<string | undefined>(about.wants ?? 'a text', undefined, sentence, about, raw =>
    typeof raw === 'string' && raw !== '' ? raw : undefined,
  )

export const choice = <T extends string>(fallback: T, sentence: string, among: readonly T[]): Option<T> =>
  option<T>(`one of ${among.join(', ')}`, fallback, sentence, {}, raw => among.find(one => one === raw))

export const optionalChoice = <T extends string>(sentence: string, among: readonly T[]): Option<T | undefined> => ({
  ...choice(among[0] as T, sentence, among),
  default: undefined,
})

/** @param schemes - with the colon, `https:` */
export const optionalUrl = (sentence: string, schemes: readonly string[]): Option<string | undefined> =>
  option<string | undefined>(`a URL (${schemes.map(one => `${one}//…`).join(', ')})`, undefined, sentence, {}, raw => {
    if (typeof raw !== 'string' || !URL.canParse(raw)) return undefined
    return schemes.includes(new URL(raw).protocol) ? raw.replace(/\/+$/, '') : undefined
  })

/** `host:port,host:port`, or an array of them in a file. */
export const brokers = (sentence: string): Option<readonly string[]> =>
  option<readonly string[]>('host:port, more of them with commas between', [], sentence, {}, raw => {
    const list = (Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(',') : []).map(one =>
      String(one).trim(),
    )
    const areGood = list.length > 0 && list.every(one => /^[^\s:,]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i.test(one))
    return areGood ? list : undefined
  })

/** JSON in the environment, an object in a file: interaction type → weight. */
export const weights = (
  fallback: Readonly<Record<string, number>>,
  sentence: string,
): Option<Readonly<Record<string, number>>> =>
  option(
    'a JSON object of type → weight, multiples of 0.5 from -10 to 10, at least one above 0',
    fallback,
    sentence,
    {},
    raw => {
      const value = typeof raw === 'string' ? parseJson(raw) : raw
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
      const entries = Object.entries(value as Record<string, unknown>)
      const areGood = entries.every(
        ([type, weight]) =>
          /^[a-z][a-z0-9_-]{0,63}$/.test(type) &&
          typeof weight === 'number' &&
          Number.isInteger(weight * 2) &&
          Math.abs(weight) <= 10,
      )
      if (!areGood || !entries.some(([, weight]) => (weight as number) > 0)) return undefined
      return Object.freeze(Object.fromEntries(entries) as Record<string, number>)
    },
  )

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined // reported as a value of the wrong shape, with the text itself
  }
}
