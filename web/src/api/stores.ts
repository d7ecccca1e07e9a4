// Stores of the account, and what lies in them.
import { api, data, type File_ } from './client'
import type { components } from './schema'

export type Store = components['schemas']['Storage']
export type Tested = components['schemas']['Tested']
export type Entry = components['schemas']['StoreEntry']
export type Entries = components['schemas']['StoreEntries']

export const stores = async (): Promise<Store[]> => (await data(api.GET('/v1/storages'))).storages

export const keepStore = (name: string, address: string, secrets: Record<string, string>): Promise<Store> =>
  data(api.PUT('/v1/storages/{name}', { params: { path: { name } }, body: { address, secrets } }))

export const testStore = (name: string): Promise<Tested> => data(api.POST('/v1/storages/{name}/test', { params: { path: { name } } }))

export const forgetStore = (name: string): Promise<unknown> => data(api.DELETE('/v1/storages/{name}', { params: { path: { name } } }))

/** One page of a place of a store. */
export const entries = (name: string, prefix: string, after: string | undefined): Promise<Entries> =>
  data(api.GET('/v1/storages/{name}/objects', { params: { path: { name }, query: { prefix, after } } }))

/** A copy of an object as a file of the account. */
export const taken = (name: string, key: string): Promise<File_> =>
  data(api.POST('/v1/storages/{name}/files', { params: { path: { name } }, body: { key } }))
