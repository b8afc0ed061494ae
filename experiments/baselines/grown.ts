type Numbers = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>

/** @returns `array` itself where index `at` is inside it, else a copy at least twice as long, zeros behind */
export function grown<T extends Numbers>(array: T, at: number): T {
  if (at < array.length) return array
  const length = Math.max(at + 1, 2 * array.length, 16)
  const next = array instanceof Int32Array ? new Int32Array(length) : new Float64Array(length)
  next.set(array)
  return next as T
}
