// What the server says of itself: models in memory, and its numbers in the text format of Prometheus.
import { api, data, send } from '../../api/client'
import { base } from '../../api/connection'

export const resident = () => data(api.GET('/v1/models/resident'))

export interface Sample {
  /** Milliseconds since the page was opened. */
  at: number
  /** By name with labels, and summed over them by name alone. */
  values: Map<string, number>
  /** Of histograms, by name: upper edge -> how many were below it. */
  buckets: Map<string, Map<number, number>>
}

export async function sample(): Promise<Sample> {
  return { at: performance.now(), ...read(await (await send(new Request(`${base}metrics`))).text()) }
}

/** Numbers in the text format of Prometheus. */
export function read(text: string): Pick<Sample, 'values' | 'buckets'> {
  const values = new Map<string, number>()
  const buckets: Sample['buckets'] = new Map()
  for (const line of text.split('\n')) {
    const found = /^(\w+)(?:\{([^}]*)\})? (\S+)/.exec(line)
    if (found?.[1] === undefined) continue
    const [name, labels, value] = [found[1], found[2], Number(found[3])]
    const edge = /(?:^|,)le="([^"]+)"/.exec(labels ?? '')?.[1]
    if (edge === undefined) {
      values.set(name, (values.get(name) ?? 0) + value)
      if (labels !== undefined) values.set(`${name}{${labels}}`, value)
    } else {
      const histogram = name.replace(/_bucket$/, '')
      const known = buckets.get(histogram) ?? new Map<number, number>()
      const upper = edge === '+Inf' ? Infinity : Number(edge)
      buckets.set(histogram, known.set(upper, (known.get(upper) ?? 0) + value))
    }
  }
  return { values, buckets }
}

/** How much a counter grew a second, between each two samples; a server that began anew begins at 0. */
export function rates(samples: Sample[], name: string): number[] {
  return pairs(samples, (before, after) => {
    const grown = (after.values.get(name) ?? 0) - (before.values.get(name) ?? 0)
    return Math.max(0, grown) / ((after.at - before.at) / 1000)
  })
}

/** Seconds within which that share was over, of those that ended between each two samples; null = none did. */
export function quantiles(samples: Sample[], name: string, share: number): (number | null)[] {
  return pairs(samples, (before, after) => {
    const was = before.buckets.get(name)
    const edges = [...(after.buckets.get(name) ?? [])]
      .map(([edge, count]): [number, number] => [edge, count - (was?.get(edge) ?? 0)])
      .sort(([one], [other]) => one - other)
    return quantile(edges, share)
  })
}

/** As Prometheus has it: within a bucket all are taken to lie evenly. */
export function quantile(edges: [number, number][], share: number): number | null {
  const all = edges.at(-1)?.[1] ?? 0
  if (all <= 0) return null
  let [lower, below] = [0, 0]
  for (const [edge, count] of edges) {
    if (count >= share * all) {
      if (edge === Infinity) return lower
      return lower + ((edge - lower) * (share * all - below)) / Math.max(1, count - below)
    }
    ;[lower, below] = [edge, count]
  }
  return lower
}

function pairs<T>(samples: Sample[], between: (before: Sample, after: Sample) => T): T[] {
  return samples.slice(1).map((after, at) => between(samples[at] as Sample, after))
}
