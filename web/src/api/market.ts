// The market: what accounts offer each other, and what was bought and sold.
import { api, data } from './client'
import { base, persist } from './connection'
import type { components } from './schema'
import { unique } from './unique'

type Schemas = components['schemas']
export type Listing = Schemas['Listing']
export type Review = Schemas['Review']
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

export const ownListings = async (): Promise<Listing[]> =>
  (await data(api.GET('/v1/listings', { params: { query: { query: '', tag: [], free: false, order: 'new', own: true } } }))).data

const one = (id: string) => ({ params: { path: { id } } })
/** The key makes it one, however often a button is pressed or a line breaks. */
const once = () => ({ header: { 'Idempotency-Key': unique() } })

export const listing = (id: string): Promise<Listing> => data(api.GET('/v1/listings/{id}', one(id)))
export const reviews = async (id: string): Promise<Review[]> => (await data(api.GET('/v1/listings/{id}/reviews', one(id)))).data
export const review = (id: string, stars: number, text: string) => data(api.PUT('/v1/listings/{id}/review', { ...one(id), body: { stars, text } }))
export const report = (id: string, reason: Reason, text: string) => data(api.POST('/v1/reports', { body: { listing: id, reason, text } }))
export const sales = async (id: string) => (await data(api.GET('/v1/listings/{id}/sales', one(id)))).data

/** Buy a month; `key` is that of the button that was pressed, so that twice is once. */
export const buyMonth = (id: string, offer: number, key: string) =>
  persist(() => data(api.POST('/v1/orders', { params: { header: { 'Idempotency-Key': key } }, body: { listing: id, kind: 'month', offer } })))

export const wallet = () => data(api.GET('/v1/wallet'))
export const orders = async () => (await data(api.GET('/v1/orders'))).data
export const subscriptions = async () => (await data(api.GET('/v1/subscriptions'))).data
export const topups = async () => (await data(api.GET('/v1/wallet/topups'))).data
export const topUp = (credits: number) => data(api.POST('/v1/wallet/topups', { params: once(), body: { credits } }))
export const confirmTopUp = (id: string) => data(api.POST('/v1/wallet/topups/{id}/confirm', one(id)))
export const cancelMonth = (id: string) => data(api.POST('/v1/subscriptions/{id}/cancel', { ...one(id), body: { at_once: false } }))
export const resumeMonth = (id: string) => data(api.POST('/v1/subscriptions/{id}/resume', one(id)))
export const payouts = async () => (await data(api.GET('/v1/payouts'))).data
export const payOut = () => data(api.POST('/v1/payouts', { params: once(), body: {} }))

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

export const reports = async (): Promise<Report[]> => (await data(api.GET('/v1/reports'))).data
export const decide = (id: string, takeDown: boolean, why: string) =>
  data(api.POST('/v1/reports/{id}/decide', { ...one(id), body: { take_down: takeDown, why } }))

/** The pairs of pictures of a listing, below wherever the server lies. */
export const examplesOf = (found: Listing): Example[] =>
  (found.examples as unknown as Example[]).map(({ title, input, output }) => ({ title, input: base + input.replace(/^\//, ''), output: base + output.replace(/^\//, '') }))
