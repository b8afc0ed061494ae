/**
 * Just enough of a WebAssembly assembler for a kernel of one exported function over an imported memory: instructions are
 * arrays of bytes, named as in the specification (release 3.0, chapters 5.3 to 5.5; relaxed SIMD is among them since then).
 */
export type Code = readonly number[]

const I32 = 0x7f
const V128 = 0x7b
const EMPTY = 0x40
const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
export const types = { i32: I32, v128: V128 } as const

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const low = value & 0x7f
  return value < 0x80 ? [low] : [low | 0x80, ...unsigned(value >>> 7)]
}

/** Signed LEB128. */
function signed(value: number): number[] {
  const low = value & 0x7f
  const rest = value >> 7
  const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
  return isLast ? [low] : [low | 0x80, ...signed(rest)]
}

const simd = (opcode: number, ...immediate: number[]): number[] => [0xfd, ...unsigned(opcode), ...immediate]

export const op = {
  /** One after another. */
  all: (...parts: Code[]): Code => parts.flat(),
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number): Code => [0x21, ...unsigned(local)],
  tee: (local: number): Code => [0x22, ...unsigned(local)],
  loop: (...body: Code[]): Code => [0x03, EMPTY, ...body.flat(), 0x0b],
  if: (...body: Code[]): Code => [0x04, EMPTY, ...body.flat(), 0x0b],
  branchIf: (depth: number): Code => [0x0d, ...unsigned(depth)],
  i32: (value: number): Code => [0x41, ...signed(value)],
  /** The first of two values where the condition after them is not 0, else the second. */
  select: [0x1b] as Code,
  addI32: [0x6a] as Code,
  multiplyI32: [0x6c] as Code,
  andI32: [0x71] as Code,
  /** Adds a constant to a local. */
  advance: (local: number, by: number): Code => op.all(op.get(local), op.i32(by), op.addI32, op.set(local)),
  loadI32: (offset: number): Code => [0x28, 2, ...unsigned(offset)],
  lessU32: [0x49] as Code,
  greaterI32: [0x4a] as Code,
  storeI32: (offset: number): Code => [0x36, 2, ...unsigned(offset)],
  load128: (offset: number): Code => simd(0x00, 4, ...unsigned(offset)),
  /** Takes 32-bit lanes out of two vectors: 0–3 of the first, 4–7 of the second. */
  shuffle32: (...lanes: number[]): Code => simd(0x0d, ...lanes.flatMap(lane => [0, 1, 2, 3].map(b => lane * 4 + b))),
  splatI32: simd(0x11) as Code,
  laneI32: (lane: number): Code => simd(0x1b, lane),
  greaterI32x4: simd(0x3b) as Code,
  anyTrue: simd(0x53) as Code,
  addI32x4: simd(0xae) as Code,
  addI16x8: simd(0x8e) as Code,
  /** Neighbouring 16-bit lanes, added to four 32-bit lanes. */
  addPairsI16x8: simd(0x7e) as Code,
  /** Eight products of 16-bit lanes, added in pairs to four 32-bit lanes. */
  dotI16x8: simd(0xba) as Code,
  /** Sixteen products of signed lanes of 8 bits and lanes of 7 bits (0..127), added in pairs to eight 16-bit lanes. */
  dotI8x16U7x16: simd(0x112) as Code,
}

const section = (id: number, ...content: number[]): number[] => [id, ...unsigned(content.length), ...content]
const name = (text: string): number[] => [text.length, ...Buffer.from(text)]

/**
 * @param params - types of the parameters, which are the first locals
 * @param result - type of the one result
 * @param locals - types of the locals after the parameters
 * @param body - leaves the result on the stack
 * @returns a module that imports `env.memory` and exports `run`
 */
export function assemble(
  params: readonly number[],
  result: number,
  locals: readonly number[],
  body: readonly Code[],
): Uint8Array<ArrayBuffer> {
  const declared = [...unsigned(locals.length), ...locals.flatMap(type => [1, type])]
  const code = [...declared, ...body.flat(), 0x0b]
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(1, 1, 0x60, ...unsigned(params.length), ...params, 1, result),
    ...section(2, 1, ...name('env'), ...name('memory'), 0x02, 0x00, 1),
    ...section(3, 1, 0),
    ...section(7, 1, ...name('run'), 0x00, 0),
    ...section(10, 1, ...unsigned(code.length), ...code),
  ])
}
