/**
 * Redis commands as bytes, RESP 2: `*<parts>\r\n`, and for each part `$<bytes>\r\n<part>\r\n`.
 * One buffer that grows holds all of them until they are taken; what was sent is used again.
 */
const FIRST_BYTES = 64 * 1024
/** A larger one, after a burst, is not kept. */
const MAX_KEPT_BYTES = 1024 * 1024
const MAX_SPARE = 2

const DIGITS_AND_MARKS = 16
const ARRAY = 0x2a
const BULK = 0x24
const CR = 0x0d
const LF = 0x0a
const ZERO = 0x30
/** Up to here a loop over characters is cheaper than two calls into the runtime. */
const SHORT = 64

export class RequestWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  readonly #spare: Buffer<ArrayBuffer>[] = []
  #end = 0

  /** @param parts - name and arguments, at least the name */
  add(parts: readonly (string | Buffer)[]): void {
    this.#count(ARRAY, parts.length)
    for (const part of parts) {
      if (typeof part !== 'string') this.#buffer(part)
      else if (!this.#short(part)) this.#text(part)
    }
  }

  /** @returns what was added since, the caller's until {@link giveBack} */
  take(): Buffer<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#end)
    this.#bytes = this.#spare.pop() ?? Buffer.allocUnsafeSlow(FIRST_BYTES)
    this.#end = 0
    return taken
  }

  /** @param taken - of {@link take}, which nobody reads any more */
  giveBack(taken: Buffer<ArrayBuffer>): void {
    const whole = Buffer.from(taken.buffer)
    if (this.#spare.length < MAX_SPARE && whole.length <= MAX_KEPT_BYTES) this.#spare.push(whole)
  }

  #buffer(part: Buffer): void {
    this.#count(BULK, part.length)
    this.#reserve(part.length + 2)
    this.#bytes.set(part, this.#end)
    this.#end += part.length
    this.#mark()
  }

  /** @returns false, with nothing written, for what is not ASCII or long */
  #short(part: string): boolean {
    const { length } = part
    if (length > SHORT) return false
    const start = this.#end
    this.#count(BULK, length)
    this.#reserve(length + 2)
    const bytes = this.#bytes
    let at = this.#end
    for (let i = 0; i < length; i++) {
      const unit = part.charCodeAt(i)
      if (unit > 0x7f) {
        this.#end = start
        return false
      }
      bytes[at++] = unit
    }
    this.#end = at
    this.#mark()
    return true
  }

  #text(part: string): void {
    const length = Buffer.byteLength(part)
    this.#count(BULK, length)
    this.#reserve(length + 2)
    this.#end += this.#bytes.write(part, this.#end, 'utf8')
    this.#mark()
  }

  #count(kind: number, count: number): void {
    this.#reserve(DIGITS_AND_MARKS)
    const bytes = this.#bytes
    bytes[this.#end++] = kind
    if (count < 10) bytes[this.#end++] = ZERO + count
    else if (count < 100) {
      bytes[this.#end++] = ZERO + ((count / 10) | 0)
      bytes[this.#end++] = ZERO + (count % 10)
    } else this.#end += bytes.write(String(count), this.#end, 'latin1')
    this.#mark()
  }

  #mark(): void {
    this.#bytes[this.#end++] = CR
    this.#bytes[this.#end++] = LF
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(2 * (this.#end + length))
    this.#bytes.copy(grown, 0, 0, this.#end)
    this.#bytes = grown
  }
}
