/** /openapi.json, made from the very schemas that validate requests and serialise answers. */
import type { FastifyInstance, RouteOptions } from 'fastify'

declare module 'fastify' {
  interface FastifySchema {
    /** One line for the OpenAPI document. */
    summary?: string
  }
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>
  readonly required?: readonly string[]
}
type Operation = Record<string, unknown>

/** Call it before the routes it is to describe. */
export function openapi(app: FastifyInstance): void {
  const paths: Record<string, Record<string, Operation>> = {}
  app.addHook('onRoute', route => {
    if (!route.schema?.summary) return
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    for (const method of [route.method].flat()) {
      if (method === 'HEAD') continue
      paths[path] = { ...paths[path], [method.toLowerCase()]: operation(route) }
    }
  })
  app.get('/openapi.json', () => ({
    openapi: '3.1.0',
    info: { title: 'Freshet', version: '1', description: 'Recommendations that follow every click.' },
    paths,
  }))
}

function operation({ schema }: RouteOptions): Operation {
  const parameters = [...parametersOf(schema?.params, 'path'), ...parametersOf(schema?.querystring, 'query')]
  const responses = Object.entries((schema?.response ?? {}) as Record<string, { description?: string }>)
  return {
    summary: schema?.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(schema?.body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: schema.body } } },
    }),
    responses: Object.fromEntries(
      responses.map(([status, body]) => [
        status,
        { description: body.description ?? '', content: { 'application/json': { schema: body } } },
      ]),
    ),
  }
}

function parametersOf(schema: unknown, place: 'path' | 'query') {
  const { properties = {}, required = [] } = (schema ?? {}) as ObjectSchema
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(property.description !== undefined && { description: property.description }),
    schema: property,
  }))
}
