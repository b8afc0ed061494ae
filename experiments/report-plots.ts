/** Plots as SVG text: lines over time and bars by segment, a colour a method. */

export interface Line {
  readonly name: string
  readonly points: readonly { readonly atMs: number; readonly value: number }[]
}
export interface Bars {
  readonly name: string
  /** One a group. */
  readonly values: readonly number[]
}

const WIDTH = 900
const HEIGHT = 320
const LEFT = 56
const RIGHT = 170
const TOP = 12
const BOTTOM = 28
const TICKS = 4
const COLOURS = [
  '#1f5fd0',
  '#d95f02',
  '#1b9e77',
  '#7570b3',
  '#e7298a',
  '#66a61e',
  '#a6761d',
  '#666',
  '#00a0b0',
  '#b03060',
]

const colour = (at: number): string => COLOURS[at % COLOURS.length] as string
const escaped = (plain: string): string => plain.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`)

export function linePlot(lines: readonly Line[]): string {
  const all = lines.flatMap(line => line.points)
  if (all.length === 0) return ''
  const times = all.map(point => point.atMs)
  const [firstMs, lastMs] = [Math.min(...times), Math.max(...times)]
  const top = niceTop(Math.max(...all.map(point => point.value)))
  const x = (atMs: number) => LEFT + ((atMs - firstMs) / Math.max(1, lastMs - firstMs)) * (WIDTH - LEFT - RIGHT)
  const paths = lines.map(({ points }, at) => {
    const way = points.map(({ atMs, value }) => `${x(atMs).toFixed(1)},${y(value, top).toFixed(1)}`).join(' ')
    return `<polyline fill="none" stroke="${colour(at)}" stroke-width="${at === 0 ? 2.5 : 1.3}" points="${way}"/>`
  })
  const ends = [firstMs, lastMs].map(
    (atMs, at) =>
      `<text x="${x(atMs).toFixed(1)}" y="${HEIGHT - 8}" text-anchor="${at === 0 ? 'start' : 'end'}">${new Date(atMs).toISOString().slice(0, 10)}</text>`,
  )
  return frame([...paths, ...ends, axis(top), legend(lines.map(line => line.name))])
}

/** @param groups - names under the bars */
export function barPlot(groups: readonly string[], bars: readonly Bars[]): string {
  if (groups.length === 0 || bars.length === 0) return ''
  const top = niceTop(Math.max(...bars.flatMap(one => one.values)))
  const groupWidth = (WIDTH - LEFT - RIGHT) / groups.length
  const width = (0.8 * groupWidth) / bars.length
  const drawn = groups.flatMap((group, g) => [
    ...bars.map(({ values }, b) => {
      const value = values[g] ?? 0
      const left = LEFT + g * groupWidth + 0.1 * groupWidth + b * width
      return `<rect x="${left.toFixed(1)}" y="${y(value, top).toFixed(1)}" width="${(0.9 * width).toFixed(1)}" height="${(y(0, top) - y(value, top)).toFixed(1)}" fill="${colour(b)}"/>`
    }),
    `<text x="${(LEFT + (g + 0.5) * groupWidth).toFixed(1)}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(group)}</text>`,
  ])
  return frame([...drawn, axis(top), legend(bars.map(one => one.name))])
}

const y = (value: number, top: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM)

const frame = (parts: readonly string[]): string =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui,sans-serif" font-size="11" fill="#333" role="img">${parts.join('')}</svg>`

function axis(top: number): string {
  return Array.from({ length: TICKS + 1 }, (_, at) => {
    const value = (top * at) / TICKS
    const height = y(value, top).toFixed(1)
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${height}" y2="${height}" stroke="#ddd"/><text x="${LEFT - 6}" y="${height}" text-anchor="end" dominant-baseline="middle">${value.toPrecision(2)}</text>`
  }).join('')
}

const legend = (names: readonly string[]): string =>
  names
    .map(
      (name, at) =>
        `<rect x="${WIDTH - RIGHT + 12}" y="${TOP + at * 17}" width="11" height="11" fill="${colour(at)}"/><text x="${WIDTH - RIGHT + 28}" y="${TOP + at * 17 + 9}">${escaped(name)}</text>`,
    )
    .join('')

/** The next of 1, 2, 2.5, 5 times a power of ten. @returns above 0 */
function niceTop(greatest: number): number {
  if (!(greatest > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(greatest))
  for (const step of [1, 2, 2.5, 5]) if (greatest <= step * power) return step * power
  return 10 * power
}
