/** @throws `no answer in time`, where nothing came of the promise until then; it goes on, and what comes of it is lost */
export async function before<T>(untilMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), Math.max(untilMs - Date.now(), 0))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
