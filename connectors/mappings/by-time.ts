/** Rows of a data set in order of their time; rows of one time stay in the order of the file. */
export async function byTime<T extends { readonly atMs: number }>(rows: AsyncIterable<T>): Promise<readonly T[]> {
  const all = await Array.fromAsync(rows)
  return all.sort((a, b) => a.atMs - b.atMs) // a stable sort since ES2019
}
