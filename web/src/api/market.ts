// The market: what accounts offer each other, and what was bought and sold.
import { api, data, once } from './client'
import { base, here } from './connection'
import type { components } from './schema'

type Schemas = components['schemas']
export type Listing = Schemas['Listing']
export type Report = Schemas['Reports']['data'][number]
export type Order = 'relevance' | 'new' | 'use' | 'price' | 'rating' | 'quality' | 'speed'
export type Kind = Listing['kind']
export type Visibility = Listing['visibility']
export type Reason = Report['reason']
export type Coupon = Schemas['Coupon']
export type NewCoupon = Schemas['NewCoupon']
export type Terms = Schemas['NewOffer']
export type Bought = Schemas['Order']
export type Right = Schemas['Subscription']
export type Sale = Schemas['Sale']

export interface Search {
  query: string
  kind?: Kind | undefined
  free: boolean
  order: Order
}
/** A pair of pictures of a listing, as addresses. */
export interface Example {
  title: string
  input: string
  output: string
}

const one = (id: string) => ({ params: { path: { id } } })
/** One page of a list. */
const from = (after: string | undefined) => ({ params: { query: { after } } })
const ofOne = (id: string, after: string | undefined) => ({ params: { path: { id }, query: { after } } })

export const listings = (search: Search, after: string | undefined) => data(api.GET('/v1/listings', { params: { query: { ...search, tag: [], own: false, shared: false, after } } }))

export const ownListings = (after: string | undefined) =>
  data(api.GET('/v1/listings', { params: { query: { query: '', tag: [], free: false, order: 'new', own: true, shared: false, after } } }))

/** What other accounts show to this one, and not to everybody. */
export const sharedListings = (after: string | undefined) =>
  data(api.GET('/v1/listings', { params: { query: { query: '', tag: [], free: false, order: 'new', own: false, shared: true, after } } }))

/** What makes pictures like that file of the account's, the likest first. */
export const alike = async (file: string): Promise<Listing[]> => (await data(api.GET('/v1/listings/similar', { params: { query: { file } } }))).data

export const listing = (id: string): Promise<Listing> => data(api.GET('/v1/listings/{id}', one(id)))
export const reviews = (id: string, after: string | undefined) => data(api.GET('/v1/listings/{id}/reviews', ofOne(id, after)))
export const review = (id: string, stars: number, text: string) => data(api.PUT('/v1/listings/{id}/review', { ...one(id), body: { stars, text } }))
export const report = (id: string, reason: Reason, text: string) => data(api.POST('/v1/reports', { body: { listing: id, reason, text } }))
export const sales = (id: string, after: string | undefined) => data(api.GET('/v1/listings/{id}/sales', ofOne(id, after)))

/** Buy a month, or a copy; `key` is that of the form that was sent, so that twice is once. */
export const buy = (id: string, kind: Bought['kind'], offer: number, coupon: string | null, key: string): Promise<Bought> =>
  once((header) => data(api.POST('/v1/orders', { params: { header }, body: { listing: id, kind: kind as 'month' | 'download', offer, coupon } })), key)

/** The address of the copy that was bought. */
export const copyAt = (id: string): string => `${base}v1/listings/${encodeURIComponent(id)}/download`

export const wallet = () => data(api.GET('/v1/wallet'))
/** Addresses of a month: all that came and went, or what was sold. `kind`: `.html` or `.csv`. */
export const monthAt = (what: 'statements' | 'earnings', month: string, kind: string): string => `${base}v1/wallet/${what}/${month}${kind}`
export const orders = (after: string | undefined) => data(api.GET('/v1/orders', from(after)))
export const subscriptions = (after: string | undefined) => data(api.GET('/v1/subscriptions', from(after)))
export const topups = (after: string | undefined) => data(api.GET('/v1/wallet/topups', from(after)))
export const topUp = (credits: number) => once((header) => data(api.POST('/v1/wallet/topups', { params: { header }, body: { credits } })))
export const confirmTopUp = (id: string) => data(api.POST('/v1/wallet/topups/{id}/confirm', one(id)))
/** `now`: with what is left of it back; else it ends with its month. */
export const cancelMonth = (id: string, now: boolean) => data(api.POST('/v1/subscriptions/{id}/cancel', { ...one(id), body: { at_once: now } }))
export const resumeMonth = (id: string) => data(api.POST('/v1/subscriptions/{id}/resume', one(id)))
export const switchMonth = (id: string) => data(api.POST('/v1/subscriptions/{id}/switch', one(id)))
export const payouts = (after: string | undefined) => data(api.GET('/v1/payouts', from(after)))
export const payOut = () => once((header) => data(api.POST('/v1/payouts', { params: { header }, body: {} })))

/** Payments of all accounts that a person makes or sees made. */
export const waiting = (after: string | undefined) => data(api.GET('/v1/payments/waiting', from(after)))
export const confirmPayout = (id: string) => data(api.POST('/v1/payouts/{id}/confirm', one(id)))

export const coupons = async (): Promise<Coupon[]> => (await data(api.GET('/v1/coupons'))).data
export const makeCoupon = (made: NewCoupon): Promise<Coupon> => data(api.POST('/v1/coupons', { body: made }))
export const endCoupon = (code: string) => data(api.DELETE('/v1/coupons/{code}', { params: { path: { code } } }))
export const redeem = async (code: string): Promise<number> => (await data(api.POST('/v1/coupons/redeem', { body: { code } }))).credits

/** Give back `credits` of what was sold; `key` is that of the form, so that twice is once. */
export const giveBack = (sale: Sale, credits: number, key: string): Promise<unknown> =>
  once((header) => {
    const asked = { params: { path: { id: sale.id }, header }, body: { credits } }
    return sale.kind === 'run' ? data<unknown>(api.POST('/v1/runs/{id}/refund', asked)) : data(api.POST('/v1/orders/{id}/refund', asked))
  }, key)

export interface Card {
  title: string
  text: string
  tags: string[]
  /** Pairs of files of the seller's. */
  examples: Example[]
}
export const begin = (kind: Kind, name: string, card: Card): Promise<Listing> => data(api.POST('/v1/listings', { body: { kind, name, ...card } }))
export const describe = (id: string, card: Card): Promise<Listing> => data(api.PATCH('/v1/listings/{id}', { ...one(id), body: card }))
export const price = (id: string, terms: Terms): Promise<Listing> => data(api.PUT('/v1/listings/{id}/offer', { ...one(id), body: terms }))
/** `guests`: handles of who sees what is shared. */
export const publish = (id: string, visibility: Visibility, guests: string[]): Promise<Listing> =>
  data(api.POST('/v1/listings/{id}/publish', { ...one(id), body: { visibility, shared_with: guests } }))
export const withdraw = (id: string): Promise<Listing> => data(api.POST('/v1/listings/{id}/withdraw', one(id)))
export const remove = (id: string) => data(api.DELETE('/v1/listings/{id}', one(id)))

export const reports = (after: string | undefined) => data(api.GET('/v1/reports', from(after)))
export const reportsOf = async (id: string): Promise<Report[]> => (await data(api.GET('/v1/listings/{id}/reports', one(id)))).data
export const decide = (id: string, takeDown: boolean, why: string) =>
  data(api.POST('/v1/reports/{id}/decide', { ...one(id), body: { take_down: takeDown, why } }))
export const appeal = (id: string, text: string): Promise<Report> => data(api.POST('/v1/reports/{id}/appeal', { ...one(id), body: { text } }))

/** The pairs of pictures of a listing, below wherever the server lies. */
export const examplesOf = (found: Listing): Example[] =>
  (found.examples as unknown as Example[]).map(({ title, input, output }) => ({ title, input: here(input), output: here(output) }))

/** The same as files of the account's: only of what it offers itself. */
export const picturesOf = (found: Listing): Example[] =>
  (found.examples as unknown as { title: string; files: { input: string; output: string } }[]).map(({ title, files }) => ({ title, ...files }))
