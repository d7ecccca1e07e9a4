// Asking for a run of something that may have a price: what it costs comes first, then the run.
import { api, data, once, type Run } from './client'
import { unique } from './unique'

export interface Asked {
  target: string
  input: Run['input']
  /** That it takes from the wallet; 0 = nothing. */
  credits: number
  /** Whether the server was asked what it costs: then it costs no more than that. */
  quoted: boolean
  /** The listing of which this is a free try; null = it is none. */
  listing: string | null
  /** The run is begun once, however often it is asked for. */
  key: string
}

/** `charged`: whether it may cost something, so that the server has to be asked. */
export async function priced(target: string, values: Record<string, unknown>, charged: boolean): Promise<Asked> {
  const input = values as Run['input']
  const found = charged ? await data(api.POST('/v1/quotes', { body: { target, input } })) : null
  return { target, input, credits: found?.terms?.quote ?? 0, quoted: charged, listing: null, key: unique() }
}

/** One of the free runs of a listing. */
export const tried = (target: string, listing: string, values: Record<string, unknown>): Asked => ({ target, input: values as Run['input'], credits: 0, quoted: false, listing, key: unique() })

export function begun({ target, input, credits, quoted, listing, key }: Asked): Promise<Run> {
  const output = { format: null }
  return once(
    (header) =>
      listing === null
        ? data(api.POST('/v1/runs', { params: { header }, body: { target, input, output, most: quoted ? credits : null } }))
        : data(api.POST('/v1/listings/{id}/tries', { params: { path: { id: listing }, header }, body: { input, output } })),
    key,
  )
}
