/**
 * The descriptive fields of an event in the one form the folds count by. They are hints, so a value out of form is left
 * out and the event still counts; without a form, any text a client sends would become a cell of every item's counters.
 */
import type { Interaction } from '../../schemas/interaction.ts'

const COUNTRY = /^[A-Z]{2}$/
const DEVICE = /^[a-z0-9_-]{1,16}$/
const LANGUAGE = /^[A-Za-z0-9-]{2,35}$/
const MAX_QUERY_UNITS = 200
const MAX_SURFACE_UNITS = 64

export interface Traits {
  /** Two letters, made capitals. */
  readonly country: string | null
  /** 1 to 16 of a–z, 0–9, _ and -, made lower case. */
  readonly device: string | null
  /** As it came, 2 to 35 letters, digits and hyphens. */
  readonly language: string | null
  /** Trimmed, then cut at 200 UTF-16 units; half a character at the cut becomes U+FFFD. Not empty. */
  readonly query: string | null
  /** Trimmed, then cut at 64 UTF-16 units; half a character at the cut becomes U+FFFD. Not empty. */
  readonly surface: string | null
}

export function traitsOf({ country, device, language, query, surface }: Interaction): Traits {
  return {
    country: formed(country?.toUpperCase(), COUNTRY),
    device: formed(device?.toLowerCase(), DEVICE),
    language: formed(language, LANGUAGE),
    query: cut(query, MAX_QUERY_UNITS),
    surface: cut(surface, MAX_SURFACE_UNITS),
  }
}

const formed = (text: string | null | undefined, form: RegExp) => (text && form.test(text) ? text : null)

function cut(text: string | null, units: number): string | null {
  if (!text) return null
  return text.trim().slice(0, units).toWellFormed() || null
}
