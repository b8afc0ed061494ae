import type { Planted } from './planted.ts'

export const skipsWithoutSchema: Planted = {
  what: 'While the registry is away, records under a schema not seen yet are set aside instead of waited for.',
  within: 100,
  seed: 33,
  breaks: ['I1', 'I2'],
  substitute: () => ({
    wire: wire =>
      new Proxy(wire, {
        get(target, name) {
          const member = Reflect.get(target, name) as unknown
          if (typeof member !== 'function') return member
          if (name === 'prepare')
            return (values: Iterable<Buffer | null>) => target.prepare(values).catch(() => undefined)
          return member.bind(target)
        },
      }),
  }),
}
