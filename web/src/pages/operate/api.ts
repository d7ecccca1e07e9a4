// What the server says of itself: models in memory, and its numbers in the text format of Prometheus.
import { api, data, send } from '../../api/client'
import { base } from '../../api/connection'

export interface Resident {
  bytes: number
  limit: number
  models: { model: string; bytes: number; in_use: number; pinned: boolean; idle_seconds: number; loads: number }[]
}

export async function resident(): Promise<Resident> {
  return (await data(api.GET('/v1/models/resident'))) as unknown as Resident
}

export interface Sample {
  at: number
  values: Map<string, number>
}

/** By name with labels, and summed over them by name alone; buckets are left out. */
export async function sample(): Promise<Sample> {
  const text = await (await send(new Request(`${base}metrics`))).text()
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const found = /^(\w+)(?:\{([^}]*)\})? (\S+)/.exec(line)
    if (found === null || found[1] === undefined || found[2]?.includes('le="')) continue
    values.set(found[1], (values.get(found[1]) ?? 0) + Number(found[3]))
    if (found[2] !== undefined) values.set(`${found[1]}{${found[2]}}`, Number(found[3]))
  }
  return { at: performance.now(), values }
}
