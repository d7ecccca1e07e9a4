// The API, typed from its OpenAPI document. Whatever is no success is thrown as Problem or Lost.
import createClient from 'openapi-fetch'
import { base, here, Lost, lost, persist } from './connection'
import { problemOf } from './problem'
import type { components, paths } from './schema'
import { csrf, signedIn } from './session'
import { unique } from './unique'

export type Run = components['schemas']['Run']
export type File_ = components['schemas']['File']
export type Format = NonNullable<components['schemas']['OutputOptions']['format']>
/** A picture in the output of a run. */
export interface Result {
  file: string
  media_type: string
  bytes: number
  width: number
  height: number
  digest: string
}

const SAFE = ['GET', 'HEAD']

/** `fetch` that waits for somebody to sign in, and says when the line is broken. */
export async function send(request: Request): Promise<Response> {
  const spare = request.clone()
  const token = csrf()
  if (token !== null && !SAFE.includes(request.method)) request.headers.set('x-csrf-token', token)
  let answer: Response
  try {
    answer = await fetch(request)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    lost()
    throw new Lost('the server cannot be reached')
  }
  if (answer.status === 401) {
    await signedIn()
    return send(spare)
  }
  if (!answer.ok) throw await problemOf(answer)
  return answer
}

export const api = createClient<paths>({ baseUrl: base.slice(0, -1), fetch: send })

/** The body of an answer; `send` has thrown for all that have none. */
export async function data<T>(asked: Promise<{ data?: T }>): Promise<T> {
  return (await asked).data as T
}

/** Do `work` until it gets through; it sends the headers, whose key makes what it asks for one, however often it is sent. */
export function once<T>(work: (header: { 'Idempotency-Key': string }) => Promise<T>, key = unique()): Promise<T> {
  return persist(() => work({ 'Idempotency-Key': key }))
}

export const contentOf = (file: string): string => `${base}v1/files/${encodeURIComponent(file)}/content`

/** An address at which a browser saves what it gets as `name`. */
export const savedAs = (digest: string, name: string): Promise<string> => linked(digest, { name: name.slice(-200) })

/** Pixels across of the copies that large pictures are shown as, until one comes closer. */
export const COPY = 1920

/** An address of a smaller copy, at most `width` pixels wide, in a format that browsers show. */
export const copyOf = (digest: string, width: number): Promise<string> => linked(digest, { options: `w:${width}/f:auto` })

/** An address of a part, in pixels of the upright picture: `left,top,width,height`; reduced to `across`, 0 = all of them. */
export const partOf = (digest: string, part: string, across: number): Promise<string> =>
  linked(digest, { options: `c:${part}${across > 0 ? `/w:${across}` : ''}/f:auto` })

/** An address at which anybody sees a picture, for a week. */
export const sharedFor = async (digest: string): Promise<string> =>
  new URL(await linked(digest, { options: 'f:auto', seconds: 604_800 }), location.href).href

async function linked(digest: string, what: { name?: string; options?: string; seconds?: number }): Promise<string> {
  const found = await data(
    api.POST('/v1/artifacts/{digest}/links', {
      params: { path: { digest } },
      body: { seconds: 86_400, ...what },
    }),
  )
  return here(found.url)
}
