// What was chosen and is not handed over yet, kept by the browser: where a page was closed in mid-batch,
// choosing the same pictures again sends only those that are missing.
//
//   noted(pictures)   -> a batch, before anything is sent
//   handedOver(id)    -> one less is missing; a batch without any is forgotten
//   remaining()       -> pictures of visits that are over: missing ones, and those that were sent
//
// A picture is the same by path, size and time of its last change. It keeps its id, which is the key of the
// run that is asked for: what was asked for when the page went away is not done twice.
import { unique } from '../../api/unique'
import type { Wishes } from './wishes'

export interface Noted {
  id: string
  batch: string
  /** The page that noted it: while it is open, this is its own affair. */
  visit: string
  account: string
  path: string
  size: number
  modified: number
  wishes: Wishes
  sent: boolean
  /** The id of its upload in parts, if one was begun. */
  upload?: string
}

const NAME = 'printroom'
const STORE = 'pictures'
const VISIT = unique()
const lock = (visit: string): string => `printroom-visit:${visit}`
let opened: Promise<IDBDatabase | null> | undefined

/** Null where the browser keeps nothing, as in some private windows: then there is no memory, and no harm. */
function database(): Promise<IDBDatabase | null> {
  opened ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1)
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' })
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => resolve(null)
    } catch {
      resolve(null)
    }
  })
  return opened
}

/** `work` in one transaction; its answer once that is over, null where there is no memory. */
async function change<T>(work: (store: IDBObjectStore) => IDBRequest<T> | null): Promise<T | null> {
  const known = await database()
  if (known === null) return null
  return new Promise((resolve) => {
    const transaction = known.transaction(STORE, 'readwrite')
    const request = work(transaction.objectStore(STORE))
    transaction.oncomplete = () => resolve(request?.result ?? null)
    transaction.onerror = transaction.onabort = () => resolve(null)
  })
}

const all = async (): Promise<Noted[]> => ((await change((store) => store.getAll())) as Noted[] | null) ?? []

let held = false
/** Tells other pages that this one is open, for as long as it is. */
function hold(): void {
  if (held || navigator.locks === undefined) return
  held = true
  void navigator.locks.request(lock(VISIT), () => new Promise(() => undefined))
}

const missing = new Map<string, Set<string>>()

/** Note pictures of one batch, those that are sent already with them. */
export async function noted(account: string, pictures: Omit<Noted, 'batch' | 'visit' | 'account'>[]): Promise<void> {
  hold()
  const batch = unique()
  missing.set(batch, new Set(pictures.filter((one) => !one.sent).map((one) => one.id)))
  await change((store) => {
    for (const one of pictures) store.put({ ...one, batch, visit: VISIT, account } satisfies Noted)
    return null
  })
}

export async function began(id: string, upload: string): Promise<void> {
  await change((store) => {
    const request = store.get(id) as IDBRequest<Noted | undefined>
    request.onsuccess = () => request.result !== undefined && store.put({ ...request.result, upload })
    return null
  })
}

/** It became a run, or is not wanted any more. */
export async function handedOver(id: string): Promise<void> {
  const batch = [...missing].find(([, ids]) => ids.delete(id))?.[0]
  if (batch === undefined) return
  if (missing.get(batch)?.size === 0) {
    missing.delete(batch)
    await forget((one) => one.batch === batch)
    return
  }
  await change((store) => {
    const request = store.get(id) as IDBRequest<Noted | undefined>
    request.onsuccess = () => request.result !== undefined && store.put({ ...request.result, sent: true })
    return null
  })
}

/** All pictures of batches that pages which are closed left unfinished. */
export async function remaining(account: string): Promise<Noted[]> {
  const locks = (await navigator.locks?.query())?.held ?? []
  const open = new Set(locks.map((one) => one.name))
  const found = (await all()).filter((one) => one.account === account && one.visit !== VISIT && !open.has(lock(one.visit)))
  const unfinished = new Set(found.filter((one) => !one.sent).map((one) => one.batch))
  return found.filter((one) => unfinished.has(one.batch))
}

export async function forget(which: (one: Noted) => boolean): Promise<void> {
  const gone = (await all()).filter(which)
  await change((store) => {
    for (const one of gone) store.delete(one.id)
    return null
  })
}
