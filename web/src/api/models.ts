// Models: what there is, and the account's own.
import { api, data, once, send } from './client'
import { base } from './connection'
import type { components } from './schema'

export type Model = components['schemas']['Model']
export type Finding = NonNullable<Model['examination']>['findings'][number]
export type Score = components['schemas']['Score']
export type Draft = Omit<components['schemas']['ModelCreate'], 'parts' | 'reading'>

export const models = (query: string, after: string | undefined) => data(api.GET('/v1/models', { params: { query: { query, after } } }))

/** `name`: with or without a version. */
export const model = (owner: string, name: string): Promise<Model> => data(api.GET('/v1/models/{owner}/{name}', { params: { path: { owner, name } } }))

export const versions = (owner: string, name: string, after: string | undefined) =>
  data(api.GET('/v1/models/{owner}/{name}/versions', { params: { path: { owner, name }, query: { after } } }))

/** A draft is given once, however often it is sent. */
export const given = (draft: Draft): Promise<Model> =>
  once((header) => data(api.POST('/v1/models', { params: { header }, body: { ...draft, parts: {} } })))

export const described = (owner: string, name: string, title: string, description: string): Promise<Model> =>
  data(api.PATCH('/v1/models/{owner}/{name}', { params: { path: { owner, name } }, body: { title, description } }))

export const removed = (owner: string, name: string): Promise<unknown> =>
  data(api.DELETE('/v1/models/{owner}/{name}', { params: { path: { owner, name } } }))

/** Publish the pipeline that does what a model does and nothing else: its owner and name. */
export async function alone(known: Model): Promise<{ owner: string; name: string }> {
  const path = { owner: known.owner, name: tail(known.id) }
  const { yaml } = await data(api.GET('/v1/models/{owner}/{name}/pipeline', { params: { path } }))
  return data(api.POST('/v1/pipelines', { body: { yaml } }))
}

/** What a model makes of a picture. */
export async function tried(id: string, picture: Blob): Promise<Blob> {
  const address = `${base}v1/images/enhance?model=${encodeURIComponent(id)}`
  return (await send(new Request(address, { method: 'POST', body: picture, headers: { 'content-type': picture.type || 'application/octet-stream' } }))).blob()
}

/** `ink@2` of `acme/ink@2`: what stands behind the owner in addresses. */
export const tail = (id: string): string => id.slice(id.indexOf('/') + 1)

/** Models of all accounts of which machines could not say whether others may use them. */
export const undecided = (after: string | undefined) => data(api.GET('/v1/models/reviews', { params: { query: { after } } }))

export const decided = (known: Model, passed: boolean, reason: string): Promise<unknown> =>
  data(api.POST('/v1/models/{owner}/{name}/decision', { params: { path: { owner: known.owner, name: tail(known.id) } }, body: { passed, reason } }))
