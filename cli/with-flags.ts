/** The environment with the flags of a call on top, so that a flag is checked as its option is. */
import type { Call } from './command.ts'

/** @param names - flag → the option it stands for */
export function withFlags(call: Call, names: Readonly<Record<string, string>>): Call['env'] {
  const env = { ...call.env }
  for (const [flag, variable] of Object.entries(names)) {
    const value = call.text(flag)
    if (value !== undefined) env[variable] = value
  }
  return env
}
