// Pictures on their way to the server: sent a few at a time, then handed over as runs.
//
//   Chosen, Wishes -> waiting -> sending -> asking -> a run, and off this list
//                                refused: what the server said; the rest goes on
//
// What a page that was closed left behind goes on when the same pictures are chosen again: see `ledger`.
import { type QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { api, data, once } from '../../api/client'
import { persist } from '../../api/connection'
import { messageOf, Problem } from '../../api/problem'
import { remember } from '../../api/runs'
import { taken } from '../../api/stores'
import { unique } from '../../api/unique'
import { upload } from '../../api/upload'
import { t } from '../../texts/en'
import { type Chosen, pictured } from './dropped'
import { began, forget, handedOver, noted, type Noted, remaining } from './ledger'
import { type Wishes, wanted } from './wishes'

/** A picture that lies in a store of the account. */
export interface InStore {
  store: string
  key: string
}

export interface Upload {
  id: string
  source: File | InStore
  name: string
  wishes: Wishes
  state: 'waiting' | 'sending' | 'asking' | 'refused'
  sent: number
  problem: string
  stop: AbortController
  /** Of an upload in parts that was begun in another visit. */
  begun?: string | undefined
}

/** A picture of this visit: its bytes are here and need not come back. */
export interface Local {
  name: string
  url: string
}

interface State {
  uploads: Upload[]
  /** What pages that are closed left: missing pictures, and those of the same batches that were sent. */
  left: Noted[]
  /** How many of those that were chosen last were sent in an earlier visit. */
  skipped: number
}

const AT_ONCE = 3
let state: State = { uploads: [], left: [], skipped: 0 }
const locals = new Map<string, Local>()
const listeners = new Set<() => void>()
let sending = 0

export function useUploads(): State {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => state,
  )
}

/** The browser asks before a page goes away whose files are not all sent. */
addEventListener('beforeunload', (event) => {
  if (state.uploads.some((one) => one.state !== 'refused')) event.preventDefault()
})

/** What is here of a file of the server. */
export const localOf = (file: string): Local | undefined => locals.get(file)

/** Whether it can be sent again when that failed. */
export const sendable = (one: Upload): boolean => !(one.source instanceof File) || one.source.size > 0

/** Look for what an earlier visit of this account left. */
export async function lookBack(account: string): Promise<void> {
  set({ left: await remaining(account) })
}

/** Give up what an earlier visit left. */
export async function forgetLeft(): Promise<void> {
  const ids = new Set(state.left.map((one) => one.id))
  set({ left: [], skipped: 0 })
  await forget((one) => ids.has(one.id))
}

const same = (one: { path: string; size: number; modified: number }): string => `${one.size} ${one.modified} ${one.path}`

/** Send pictures of this machine; those that an earlier visit sent are passed over. */
export async function add(client: QueryClient, account: string, chosen: Chosen[], wishes: Wishes, onRun: (run: string) => void): Promise<void> {
  const known = new Map(state.left.map((one) => [same(one), one]))
  const old = (one: Chosen) => known.get(same({ path: one.path, size: one.file.size, modified: one.file.lastModified }))
  const fresh = chosen.filter((one) => old(one)?.sent !== true)
  const going = fresh.map(({ file, path }): Upload => {
    const before = old({ file, path })
    const problem = file.size === 0 ? t.enhance.empty(path) : pictured(file.name, file.type) ? '' : t.enhance.notPicture(path)
    return {
      ...begin(file, path, before?.wishes ?? wishes, problem),
      ...(before !== undefined && { id: before.id, begun: before.upload }),
    }
  })
  const resumed = new Set(chosen.map((one) => old(one)?.batch))
  const rest = state.left.filter((one) => resumed.has(one.batch))
  const ids = new Set(going.map((one) => one.id))
  set({ uploads: [...going, ...state.uploads], skipped: chosen.length - fresh.length, left: unfinished(state.left.filter((one) => !ids.has(one.id))) })
  await keep(account, going, rest)
  start(client, onRun)
}

/** Batches of which something is missing still. */
function unfinished(left: Noted[]): Noted[] {
  const missing = new Set(left.filter((one) => !one.sent).map((one) => one.batch))
  return left.filter((one) => missing.has(one.batch))
}

/** Note what is on its way as one batch, with what was known of it before; one picture alone is no batch. */
async function keep(account: string, going: Upload[], before: Noted[]): Promise<void> {
  const ids = new Set(before.map((one) => one.id))
  const fresh = going.filter((one) => one.problem === '' && !ids.has(one.id))
  if (fresh.length + before.length < 2) return
  const those = fresh.map(({ id, source, name, wishes }) => {
    const file = source as File
    return { id, path: name, size: file.size, modified: file.lastModified, wishes, sent: false }
  })
  await noted(account, [...before, ...those])
}

/** Enhance pictures that lie in a store. */
export function addStored(client: QueryClient, chosen: InStore[], wishes: Wishes, onRun: (run: string) => void): void {
  set({ uploads: [...chosen.map((one) => begin(one, one.key, wishes, '')), ...state.uploads] })
  start(client, onRun)
}

function begin(source: Upload['source'], name: string, wishes: Wishes, problem: string): Upload {
  return { id: unique(), source, name, wishes, state: problem === '' ? 'waiting' : 'refused', sent: 0, problem, stop: new AbortController() }
}

function start(client: QueryClient, onRun: (run: string) => void): void {
  for (let at = 0; at < AT_ONCE; at++) void work(client, onRun)
}

/** Give it up, or take what was refused off the list. */
export function dismiss(id: string): void {
  state.uploads.find((one) => one.id === id)?.stop.abort()
  set({ uploads: state.uploads.filter((one) => one.id !== id) })
  void handedOver(id)
}

export function again(client: QueryClient, id: string, onRun: (run: string) => void): void {
  change(id, { state: 'waiting', sent: 0, problem: '', stop: new AbortController() })
  void work(client, onRun)
}

/** The same file once more, with other wishes. */
export async function rerun(client: QueryClient, file: string, wishes: Wishes): Promise<string> {
  return asked(client, file, wishes, unique())
}

async function work(client: QueryClient, onRun: (run: string) => void): Promise<void> {
  if (sending >= AT_ONCE) return
  sending++
  for (let one = next(); one !== undefined; one = next()) await sendOne(client, one, onRun)
  sending--
}

async function sendOne(client: QueryClient, one: Upload, onRun: (run: string) => void): Promise<void> {
  change(one.id, { state: 'sending' })
  try {
    const file = await kept(one)
    if (one.stop.signal.aborted) return
    change(one.id, { state: 'asking' })
    const run = await asked(client, file, one.wishes, one.id)
    set({ uploads: state.uploads.filter((other) => other.id !== one.id) })
    void handedOver(one.id)
    onRun(run)
  } catch (error) {
    if (error instanceof Problem) void handedOver(one.id) // choosing it again would end the same way
    change(one.id, { state: 'refused', problem: `${one.name}: ${messageOf(error)}` })
  }
}

/** The id of a file of the server that has it. */
async function kept({ id, source, name, stop, begun }: Upload): Promise<string> {
  if (!(source instanceof File)) return (await persist(() => taken(source.store, source.key))).id
  const tell = (sent: number) => change(id, { sent })
  const file = await upload(source, name, tell, stop.signal, { id: begun, onId: (upload) => void began(id, upload) })
  locals.set(file.id, { name, url: URL.createObjectURL(source) })
  return file.id
}

/** The key makes it one run, however often it is asked for. */
async function asked(client: QueryClient, file: string, wishes: Wishes, key: string): Promise<string> {
  const body = { target: 'enhance', ...wanted(wishes, file) }
  const run = await once((header) => data(api.POST('/v1/runs', { params: { header }, body })), key)
  remember(client, run)
  return run.id
}

/** The oldest that waits; the list has the newest first. */
const next = (): Upload | undefined => state.uploads.findLast((one) => one.state === 'waiting')

function change(id: string, more: Partial<Upload>): void {
  set({ uploads: state.uploads.map((one) => (one.id === id ? { ...one, ...more } : one)) })
}

function set(more: Partial<State>): void {
  state = { ...state, ...more }
  for (const listener of listeners) listener()
}
