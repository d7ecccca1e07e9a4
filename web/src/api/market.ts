// The market: what accounts offer each other, and what was bought and sold.
import { api, data, once } from './client'
import { here } from './connection'
import type { components } from './schema'

type Schemas = components['schemas']
export type Listing = Schemas['Listing']
export type Report = Schemas['printroom__api__market__schemas__Report']
export type Order = 'relevance' | 'new' | 'use' | 'price' | 'rating' | 'speed'
export type Kind = Listing['kind']
export type Visibility = Listing['visibility']
export type Reason = Report['reason']

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

export const listings = (search: Search, after: string | undefined) => data(api.GET('/v1/listings', { params: { query: { ...search, tag: [], own: false, after } } }))

export const ownListings = (after: string | undefined) =>
  data(api.GET('/v1/listings', { params: { query: { query: '', tag: [], free: false, order: 'new', own: true, after } } }))

const one = (id: string) => ({ params: { path: { id } } })
/** One page of a list. */
const from = (after: string | undefined) => ({ params: { query: { after } } })
const ofOne = (id: string, after: string | undefined) => ({ params: { path: { id }, query: { after } } })

export const listing = (id: string): Promise<Listing> => data(api.GET('/v1/listings/{id}', one(id)))
export const reviews = (id: string, after: string | undefined) => data(api.GET('/v1/listings/{id}/reviews', ofOne(id, after)))
export const review = (id: string, stars: number, text: string) => data(api.PUT('/v1/listings/{id}/review', { ...one(id), body: { stars, text } }))
export const report = (id: string, reason: Reason, text: string) => data(api.POST('/v1/reports', { body: { listing: id, reason, text } }))
export const sales = (id: string, after: string | undefined) => data(api.GET('/v1/listings/{id}/sales', ofOne(id, after)))

/** Buy a month; `key` is that of the button that was pressed, so that twice is once. */
export const buyMonth = (id: string, offer: number, key: string) =>
  once((header) => data(api.POST('/v1/orders', { params: { header }, body: { listing: id, kind: 'month', offer } })), key)

export const wallet = () => data(api.GET('/v1/wallet'))
export const orders = (after: string | undefined) => data(api.GET('/v1/orders', from(after)))
export const subscriptions = (after: string | undefined) => data(api.GET('/v1/subscriptions', from(after)))
export const topups = (after: string | undefined) => data(api.GET('/v1/wallet/topups', from(after)))
export const topUp = (credits: number) => once((header) => data(api.POST('/v1/wallet/topups', { params: { header }, body: { credits } })))
export const confirmTopUp = (id: string) => data(api.POST('/v1/wallet/topups/{id}/confirm', one(id)))
export const cancelMonth = (id: string) => data(api.POST('/v1/subscriptions/{id}/cancel', { ...one(id), body: { at_once: false } }))
export const resumeMonth = (id: string) => data(api.POST('/v1/subscriptions/{id}/resume', one(id)))
export const payouts = (after: string | undefined) => data(api.GET('/v1/payouts', from(after)))
export const payOut = () => once((header) => data(api.POST('/v1/payouts', { params: { header }, body: {} })))

export interface Card {
  title: string
  text: string
  tags: string[]
  /** Pairs of files of the seller's. */
  examples: Example[]
}
export const begin = (kind: Kind, name: string, card: Card): Promise<Listing> => data(api.POST('/v1/listings', { body: { kind, name, ...card } }))
export const price = (id: string, prices: Schemas['Prices']): Promise<Listing> =>
  data(api.PUT('/v1/listings/{id}/offer', { ...one(id), body: { price: prices, share: 0, version: null } }))
export const publish = (id: string, visibility: Visibility): Promise<Listing> =>
  data(api.POST('/v1/listings/{id}/publish', { ...one(id), body: { visibility, shared_with: [] } }))
export const withdraw = (id: string): Promise<Listing> => data(api.POST('/v1/listings/{id}/withdraw', one(id)))
export const remove = (id: string) => data(api.DELETE('/v1/listings/{id}', one(id)))

export const reports = (after: string | undefined) => data(api.GET('/v1/reports', from(after)))
export const decide = (id: string, takeDown: boolean, why: string) =>
  data(api.POST('/v1/reports/{id}/decide', { ...one(id), body: { take_down: takeDown, why } }))

/** The pairs of pictures of a listing, below wherever the server lies. */
export const examplesOf = (found: Listing): Example[] =>
  (found.examples as unknown as Example[]).map(({ title, input, output }) => ({ title, input: here(input), output: here(output) }))
