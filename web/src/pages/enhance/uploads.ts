// Pictures on their way to the server: sent a few at a time, then handed over as runs.
//
//   File, Wishes -> waiting -> sending -> asking -> a run, and off this list
//                              refused: what the server said; the rest goes on
import { type QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { api, data } from '../../api/client'
import { persist } from '../../api/connection'
import { messageOf } from '../../api/problem'
import { remember } from '../../api/runs'
import { upload } from '../../api/upload'
import { t } from '../../texts/en'
import { fixOf, type Wishes } from './wishes'

export interface Upload {
  id: string
  file: File
  name: string
  wishes: Wishes
  state: 'waiting' | 'sending' | 'asking' | 'refused'
  sent: number
  problem: string
  stop: AbortController
}

/** A picture of this visit: its bytes are here and need not come back. */
export interface Local {
  name: string
  url: string
}

const AT_ONCE = 3
const SUFFIX = /\.(jpe?g|png|webp|tiff?|avif|hei[cf]|jfif)$/i
let uploads: Upload[] = []
const locals = new Map<string, Local>()
const listeners = new Set<() => void>()
let sending = 0

export function useUploads(): Upload[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => uploads,
  )
}

/** The browser asks before a page goes away whose files are not all sent. */
addEventListener('beforeunload', (event) => {
  if (uploads.some((one) => one.state !== 'refused')) event.preventDefault()
})

/** What is here of a file of the server. */
export const localOf = (file: string): Local | undefined => locals.get(file)

/** Whether its name or kind says that it may be a picture; the server looks at its bytes. */
export const pictured = (file: File): boolean => file.type.startsWith('image/') || SUFFIX.test(file.name)

export function add(client: QueryClient, files: File[], wishes: Wishes, onRun: (run: string) => void): void {
  const found = files.map((file): Upload => {
    const name = file.webkitRelativePath || file.name
    const problem = file.size === 0 ? t.enhance.empty(name) : pictured(file) ? '' : t.enhance.notPicture(name)
    const state = problem === '' ? 'waiting' : 'refused'
    return { id: crypto.randomUUID(), file, name, wishes, state, sent: 0, problem, stop: new AbortController() }
  })
  set([...found, ...uploads])
  for (let at = 0; at < AT_ONCE; at++) void work(client, onRun)
}

/** Give it up, or take what was refused off the list. */
export function dismiss(id: string): void {
  uploads.find((one) => one.id === id)?.stop.abort()
  set(uploads.filter((one) => one.id !== id))
}

export function again(client: QueryClient, id: string, onRun: (run: string) => void): void {
  change(id, { state: 'waiting', sent: 0, problem: '', stop: new AbortController() })
  void work(client, onRun)
}

/** The same file once more, with other wishes. */
export async function rerun(client: QueryClient, file: string, wishes: Wishes): Promise<string> {
  return asked(client, file, wishes, crypto.randomUUID())
}

async function work(client: QueryClient, onRun: (run: string) => void): Promise<void> {
  if (sending >= AT_ONCE) return
  sending++
  for (let one = next(); one !== undefined; one = next()) await sendOne(client, one, onRun)
  sending--
}

async function sendOne(client: QueryClient, one: Upload, onRun: (run: string) => void): Promise<void> {
  change(one.id, { state: 'sending' })
  const tell = (sent: number) => change(one.id, { sent })
  try {
    const kept = await persist(() => upload(one.file, one.name, tell, one.stop.signal))
    locals.set(kept.id, { name: one.name, url: URL.createObjectURL(one.file) })
    if (one.stop.signal.aborted) return
    change(one.id, { state: 'asking' })
    const run = await asked(client, kept.id, one.wishes, one.id)
    set(uploads.filter((other) => other.id !== one.id))
    onRun(run)
  } catch (error) {
    change(one.id, { state: 'refused', problem: `${one.name}: ${messageOf(error)}` })
  }
}

/** The key makes it one run, however often it is asked for. */
async function asked(client: QueryClient, file: string, wishes: Wishes, key: string): Promise<string> {
  const run = await persist(() =>
    data(
      api.POST('/v1/runs', {
        params: { header: { 'Idempotency-Key': key } },
        body: {
          target: 'enhance',
          input: { image: file, fix: fixOf(wishes), scale: wishes.scale },
          output: { format: wishes.format },
        },
      }),
    ),
  )
  remember(client, run)
  return run.id
}

/** The oldest that waits; the list has the newest first. */
const next = (): Upload | undefined => uploads.findLast((one) => one.state === 'waiting')

function change(id: string, more: Partial<Upload>): void {
  set(uploads.map((one) => (one.id === id ? { ...one, ...more } : one)))
}

function set(next_: Upload[]): void {
  uploads = next_
  for (const listener of listeners) listener()
}
