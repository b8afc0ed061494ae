/**
 * Requests and answers as they lie on the wire, all numbers big-endian:
 *   request => Size int32 · ApiKey int16 · ApiVersion int16 · CorrelationId int32 · ClientId string · body
 *   answer  => body, since kafkajs takes off what is before it
 *   string  => Length int16 · UTF-8;  array => Count int32 · elements;  a length of −1 is null
 */
const SIZE_BYTES = 4
export const CORRELATION_ID_AT = 8
const HIGH = 2 ** 32

/** Builds one request after the other in the same memory: the last one must have been answered, or the writer given up. */
export class FrameWriter {
  /** May be replaced by `reserve`: take it afterwards. */
  bytes: Buffer
  /** Where the next byte goes. */
  at = 0

  constructor(capacity = 1024) {
    this.bytes = Buffer.allocUnsafe(capacity)
  }

  begin(apiKey: number, apiVersion: number, clientId: string): this {
    this.at = SIZE_BYTES
    // The correlation id is filled in when the request is sent.
    return this.int16(apiKey).int16(apiVersion).int32(0).string(clientId)
  }

  /** @returns the request, valid until the next one is begun */
  end(): Buffer {
    this.bytes.writeInt32BE(this.at - SIZE_BYTES, 0)
    return this.bytes.subarray(0, this.at)
  }

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    const needed = this.at + more
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
  }

  int8(value: number): this {
    this.reserve(1)
    this.at = this.bytes.writeInt8(value, this.at)
    return this
  }

  int16(value: number): this {
    this.reserve(2)
    this.at = this.bytes.writeInt16BE(value, this.at)
    return this
  }

  int32(value: number): this {
    this.reserve(4)
    this.at = this.bytes.writeInt32BE(value, this.at)
    return this
  }

  int64(value: bigint | number): this {
    this.reserve(8)
    this.at = this.bytes.writeBigInt64BE(BigInt(value), this.at)
    return this
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1)
    const length = Buffer.byteLength(value)
    this.int16(length).reserve(length)
    this.at += this.bytes.write(value, this.at)
    return this
  }
}

/** @throws RangeError where the answer ends too early */
export class FrameReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  /** Exact below 2^53, which holds for offsets, times and producer ids. */
  int64(): number {
    this.#at += 8
    return this.#bytes.readInt32BE(this.#at - 8) * HIGH + this.#bytes.readUInt32BE(this.#at - 4)
  }

  string(): string {
    const length = this.int16()
    this.#at += length
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
  }

  /** @returns a view of the answer's memory, empty where it is null */
  data(): Buffer {
    const length = Math.max(this.int32(), 0)
    const from = this.#at
    if (from + length > this.#bytes.length) throw new RangeError(`wanted ${length} bytes, the answer ends before`)
    this.#at += length
    return this.#bytes.subarray(from, this.#at)
  }

  /** @returns [] where the array is null */
  array<T>(read: () => T): T[] {
    const elements: T[] = []
    for (let count = this.int32(); count > 0; count--) elements.push(read())
    return elements
  }
}
