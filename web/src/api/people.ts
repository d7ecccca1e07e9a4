// People: who they are, their pictures, what is learnt of them, their portraits.
import { api, data, once } from './client'
import { base, persist } from './connection'
import type { components } from './schema'
import { sent } from './upload'

type Schemas = components['schemas']
export type Person = Schemas['PersonShown']
export type Picture = Schemas['Picture']
export type Finding = Schemas['PictureFinding']
export type Added = Schemas['PicturesAdded']
export type Taken = Added['data'][number]
export type Forgotten = Schemas['Forgotten']
export type Portraits = Schemas['Portraits']
export type Entry = Schemas['PersonCreate']
export type Wanted = Schemas['PortraitsCreate']

const of = (id: string) => ({ params: { path: { id } } })

export const people = (after: string | undefined) => data(api.GET('/v1/people', { params: { query: { after } } }))

export const person = (id: string): Promise<Person> => data(api.GET('/v1/people/{id}', of(id)))

export const entered = (entry: Entry): Promise<Person> => data(api.POST('/v1/people', { body: entry }))

/** All of a person, the oldest first. */
export const pictures = async (id: string): Promise<Picture[]> => (await data(api.GET('/v1/people/{id}/pictures', of(id)))).data

/** Sends one, and says how much of it is there; resolves to what became of it. */
export const addPicture = (id: string, file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<Added> =>
  persist(async () => {
    const address = `${base}v1/people/${id}/pictures?name=${encodeURIComponent(file.name.slice(-200))}`
    const headers = { 'content-type': file.type || 'application/octet-stream' }
    return (await sent('POST', address, headers, file, (bytes) => onProgress(bytes / Math.max(1, file.size)), signal)) as Added
  })

export const removePicture = (id: string, picture: string): Promise<Person> =>
  data(api.DELETE('/v1/people/{id}/pictures/{picture}', { params: { path: { id, picture } } }))

/** `anyway`: though some pictures seem to show somebody else. */
export const learn = (id: string, anyway: boolean): Promise<Person> => data(api.POST('/v1/people/{id}/train', { ...of(id), body: { anyway } }))

export const stopLearning = (id: string): Promise<Person> => data(api.DELETE('/v1/people/{id}/train', of(id)))

export const forget = (id: string): Promise<Forgotten> => data(api.DELETE('/v1/people/{id}', of(id)))

export const styles = async () => (await data(api.GET('/v1/portraits/styles'))).data

export const portraits = (id: string, after: string | undefined) => data(api.GET('/v1/people/{id}/portraits', { params: { path: { id }, query: { after } } }))

/** Portraits are asked for once, however often it is sent. */
export const draw = (id: string, wanted: Wanted): Promise<Portraits> =>
  once((header) => data(api.POST('/v1/people/{id}/portraits', { params: { path: { id }, header }, body: wanted })))
