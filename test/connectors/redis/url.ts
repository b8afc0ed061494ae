/**
 * @param database - tests of one Redis run side by side, each file in a database of its own
 * @throws where test/run.ts did not start one
 */
export function testRedisUrl(database: number): string {
  const url = process.env.FRESHET_TEST_REDIS
  if (!url) throw new Error('FRESHET_TEST_REDIS: wanted the URL of a Redis for tests, got nothing; run npm test')
  return new URL(`/${database}`, url).href
}
