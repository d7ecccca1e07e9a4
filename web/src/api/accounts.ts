// Accounts, what they may use, and what they used.
import { api, data } from './client'
import type { components } from './schema'

type Schemas = components['schemas']
export type Limits = Schemas['Limits']
export type Quota = Schemas['QuotaSpent']
export type Day = Schemas['Used']

export const accounts = async () => (await data(api.GET('/v1/accounts'))).data

/** A new account with its first owner; for who owns the installation. */
export const open = (made: Schemas['NewAccount']): Promise<unknown> => data(api.POST('/v1/accounts', { body: made }))

export const account = () => data(api.GET('/v1/account'))

export const quota = (): Promise<Quota> => data(api.GET('/v1/quotas'))

export const limit = (id: string, limits: Limits): Promise<unknown> =>
  data(api.PUT('/v1/quotas/{account}', { params: { path: { account: id } }, body: limits }))

/** The last 30 days on which something was used. */
export const usage = async (): Promise<Day[]> => (await data(api.GET('/v1/usage'))).data

export type Closing = Schemas['Closing']
/** What stands in the way of closing this account, and what would be given up. */
export const closing = (): Promise<Closing> => data(api.GET('/v1/account/closing'))

/** For good, with all that it has; `forfeit`: also the credits. */
export const close = (forfeit: boolean): Promise<unknown> => data(api.DELETE('/v1/account', { params: { query: { forfeit } } }))

/** Another name, and with `handle` another handle: refused once something was published under the old one. */
export const rename = (name: string, handle: string | undefined): Promise<unknown> => data(api.PATCH('/v1/account', { body: { name, handle } }))
