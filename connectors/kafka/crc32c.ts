/** CRC-32C (Castagnoli, reflected 0x82f63b78), four bytes a step: table k is table 0 with k zero bytes behind it. */
const tables = [0, 1, 2, 3].map(() => new Int32Array(256)) as [Int32Array, Int32Array, Int32Array, Int32Array]
const [t0, t1, t2, t3] = tables
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  t0[byte] = crc
}
for (let byte = 0; byte < 256; byte++) {
  for (let k = 1; k < 4; k++) {
    const before = at(tables[k - 1] ?? t0, byte)
    const table = tables[k] ?? t0
    table[byte] = (before >>> 8) ^ at(t0, before & 0xff)
  }
}

/** @returns the checksum of bytes[from..], 0..2^32 − 1 */
export function crc32c(bytes: Uint8Array, from = 0): number {
  let crc = -1
  let index = from
  for (const last = bytes.length - 3; index < last; index += 4) {
    crc ^= at(bytes, index) | (at(bytes, index + 1) << 8) | (at(bytes, index + 2) << 16) | (at(bytes, index + 3) << 24)
    crc = at(t3, crc & 0xff) ^ at(t2, (crc >>> 8) & 0xff) ^ at(t1, (crc >>> 16) & 0xff) ^ at(t0, crc >>> 24)
  }
  for (; index < bytes.length; index++) crc = at(t0, (crc ^ at(bytes, index)) & 0xff) ^ (crc >>> 8)
  return ~crc >>> 0
}

/** The indexes are in range by construction; a check in this loop would be paid for every byte sent. */
function at(array: Int32Array | Uint8Array, index: number): number {
  return array[index] as number
}
