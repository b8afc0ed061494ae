/** /metrics and /health/live for a process that runs stages only. */
import { createServer } from 'node:http'
import type { Registry } from 'prom-client'

/** @throws where the port is taken */
export async function startMetricsServer(
  registry: Registry,
  host: string,
  port: number,
): Promise<{ stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'content-type': type }).end(body)
    if (request.url === '/health/live') answer(200, 'application/json', '{"status":"live"}')
    else if (request.url === '/metrics')
      registry.metrics().then(
        text => answer(200, registry.contentType, text),
        error => answer(500, 'text/plain', String(error)),
      )
    else answer(404, 'application/json', '{"code":"NOT_FOUND","message":"/metrics and /health/live are here"}')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
