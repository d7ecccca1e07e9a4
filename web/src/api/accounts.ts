// Accounts, what they may use, and what they used.
import { api, data } from './client'

export interface Account {
  id: string
  name: string
  handle?: string
}
export interface Limits {
  rate: number | null
  burst: number
  running: number | null
  daily: number | null
  monthly: number | null
}
export interface Quota extends Limits {
  spent_today: number
  spent_this_month: number
}
export interface Day {
  day: string
  runs: number
  pictures: number
  megapixels: number
  seconds: number
  units: number
}

export const accounts = async (): Promise<Account[]> => ((await data(api.GET('/v1/accounts'))) as unknown as { data: Account[] }).data

export const account = async (): Promise<Account> => (await data(api.GET('/v1/account'))) as unknown as Account

export const quota = async (): Promise<Quota> => (await data(api.GET('/v1/quotas'))) as unknown as Quota

export const limit = (id: string, limits: Limits): Promise<unknown> =>
  data(api.PUT('/v1/quotas/{account}', { params: { path: { account: id } }, body: limits }))

/** The last 30 days on which something was used. */
export const usage = async (): Promise<Day[]> => ((await data(api.GET('/v1/usage'))) as unknown as { data: Day[] }).data

/** Another name, and with `handle` another handle: refused once something was published under the old one. */
export const rename = (name: string, handle: string | undefined): Promise<unknown> => data(api.PATCH('/v1/account', { body: { name, handle } }))
