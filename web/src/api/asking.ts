// Asking for a run of something that may have a price: what it costs comes first, then the run.
import { api, data, once, type Run } from './client'
import { unique } from './unique'

export interface Asked {
  target: string
  input: Run['input']
  /** That it takes from the wallet; 0 = nothing. */
  credits: number
  /** The run is begun once, however often it is asked for. */
  key: string
}

/** `free`: it is known to cost nothing, and the server is not asked. */
export async function priced(target: string, input: Record<string, unknown>, free: boolean): Promise<Asked> {
  const given = input as Run['input']
  const found = free ? null : await data(api.POST('/v1/quotes', { body: { target, input: given } }))
  return { target, input: given, credits: found?.terms?.quote ?? 0, key: unique() }
}

export const begun = ({ target, input, key }: Asked): Promise<Run> =>
  once((header) => data(api.POST('/v1/runs', { params: { header }, body: { target, input, output: { format: null } } })), key)
