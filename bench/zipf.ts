/**
 * Ranks with probability 1 / rank^exponent.
 * @param count - of ranks, ≥ 1
 * @returns draws a rank, 0 (the most frequent) to count − 1
 */
export function zipf(count: number, exponent: number, random: () => number): () => number {
  const upTo = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) {
    sum += (rank + 1) ** -exponent
    upTo[rank] = sum
  }
  return () => {
    const wanted = random() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((upTo[middle] as number) > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}
