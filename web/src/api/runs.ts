// Runs as the pages see them: pages of lists, each kept fresh by the events of all runs, which come by one line.
//
//   GET /v1/runs    -> useRuns      as far as somebody has scrolled
//   GET /v1/events  -> useEvents    what changed, into those lists; useProgress: how far each is
//   …/runs/ID/events -> listen      all that happened to one
import { type InfiniteData, type QueryClient, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { api, data, type Run } from './client'
import { base, onReached } from './connection'
import type { components } from './schema'

export interface RunEvent {
  number: number
  type: string
  at: string
  data: { step?: string; number?: number; of?: number; done?: number; tiles?: number; [name: string]: unknown }
  run?: Run
  /** What the last event has where it is no run that is told of. */
  person?: components['schemas']['PersonShown']
  training?: components['schemas']['Training']
}
export type Status = Run['status']
export interface Wanted {
  status?: Status | undefined
  /** Of this pipeline alone, in all its versions. */
  target?: string | undefined
}
type Pages = InfiniteData<{ data: Run[]; next: string | null }, string | undefined>

export const isOver = (run: Run): boolean => run.status !== 'queued' && run.status !== 'running'

/** The name of what was run, without owner and version. */
export const bare = (target: string): string => target.replace(/^.*\//, '').replace(/@.*$/, '')

const PAGE = 100

export function useRuns(wanted: Wanted) {
  return useInfiniteQuery({
    queryKey: ['runs', wanted],
    queryFn: ({ pageParam }) => data(api.GET('/v1/runs', { params: { query: { ...wanted, after: pageParam, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  })
}

/** Put a run as it is now into all lists that want it, and take it out of those that do not any more. */
export function remember(client: QueryClient, run: Run): void {
  client.setQueryData(['run', run.id], run)
  for (const [key, pages] of client.getQueriesData<Pages>({ queryKey: ['runs'] })) {
    if (pages !== undefined) client.setQueryData<Pages>(key, placed(pages, run, key[1] as Wanted))
  }
}

/** The newest come first; ids are in the order of time. */
function placed(pages: Pages, run: Run, { status, target }: Wanted): Pages {
  const wanted = (status === undefined || run.status === status) && (target === undefined || matches(run.target, target))
  const at = pages.pages.findIndex((page) => page.data.some((one) => one.id === run.id))
  if (at >= 0) {
    const changed = (pages.pages[at]?.data ?? []).flatMap((one) => (one.id !== run.id ? [one] : wanted ? [run] : []))
    return withPage(pages, at, changed)
  }
  const into = pages.pages.findIndex((page, index) => page.next === null || index === pages.pages.length - 1 || (page.data.at(-1)?.id ?? '') < run.id)
  const page = pages.pages[into]
  if (!wanted || page === undefined) return pages
  const before = page.data.findIndex((one) => one.id < run.id)
  if (before < 0 && page.next !== null) return pages // older than all that were loaded
  return withPage(pages, into, before < 0 ? [...page.data, run] : page.data.toSpliced(before, 0, run))
}

const withPage = (pages: Pages, at: number, runs: Run[]): Pages => ({ ...pages, pages: pages.pages.map((page, index) => (index === at ? { ...page, data: runs } : page)) })

const matches = (target: string, wanted: string): boolean => target.replace(/@.*$/, '') === wanted || bare(target) === wanted

const progress = new Map<string, RunEvent>()
const listeners = new Set<() => void>()

/** The latest that was told of a run. */
export function useProgress(run: string): RunEvent | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => progress.get(run),
  )
}

/** Listen to the events of a run, from the first, until it is over; returns how to stop. */
export const listen = (run: string, onEvent: (event: RunEvent) => void): (() => void) => listenAt(`v1/runs/${run}/events`, onEvent)

/** Whether there will be no more. */
export const isLast = (event: RunEvent): boolean => (event.run ?? event.person ?? event.training) !== undefined

/** The same of whatever has events; `seen`: the number after which they are wanted. */
export function listenAt(path: string, onEvent: (event: RunEvent) => void, seen = 0): () => void {
  let source: EventSource
  let stopped = false
  const begin = () => {
    source = new EventSource(`${base}${path}?after=${seen}`)
    for (const kind of KINDS) {
      source.addEventListener(kind, (message) => {
        const event = JSON.parse((message as MessageEvent<string>).data) as RunEvent
        if (event.number <= seen) return
        seen = event.number
        if (isLast(event)) stop()
        onEvent(event)
      })
    }
  }
  // A browser comes again by itself, but for an answer that is no stream, as while a server starts.
  const back = onReached(() => !stopped && source.readyState === EventSource.CLOSED && begin())
  const clock = setInterval(() => !stopped && source.readyState === EventSource.CLOSED && begin(), 3000)
  const stop = () => {
    stopped = true
    source.close()
    back()
    clearInterval(clock)
  }
  begin()
  return stop
}

const KINDS = [
  'queued', 'started', 'step', 'progress', 'preview', 'log', 'retry', 'delayed', 'released', 'expired', 'failed', 'requeued',
  'moved', 'done', 'dead', 'cancelling', 'cancelled', 'retried', 'lost', 'measure',
]

/** How often what was told is shown, in milliseconds: many runs at once change the lists but once. */
const APART = 80
/** Milliseconds for which the line stays when no page needs it: the next one may. */
const SPARE = 3000
/** Milliseconds without an event after which lists with unfinished runs are asked for anew. */
const SILENT = 5000

let users = 0
let leave: (() => void) | undefined

/** Keep all lists of runs fresh, for as long as a page is shown that wants it. */
export function useEvents(): void {
  const client = useQueryClient()
  useEffect(() => {
    users++
    leave ??= follow(client)
    return () => {
      users--
      setTimeout(() => {
        if (users > 0) return
        leave?.()
        leave = undefined
      }, SPARE)
    }
  }, [client])
}

interface Told extends RunEvent {
  run_id: string
}

/** One line for all runs; none while nobody sees the page, since a browser has but six to one server. */
function follow(client: QueryClient): () => void {
  let source: EventSource | undefined
  let news: Told[] = []
  let clock: ReturnType<typeof setTimeout> | undefined
  const show = () => {
    clock = undefined
    const those = news
    news = []
    noted(client, those)
  }
  let heard = Date.now()
  const hear = (message: Event) => {
    heard = Date.now()
    news.push(JSON.parse((message as MessageEvent<string>).data) as Told)
    clock ??= setTimeout(show, APART)
  }
  const fresh = () => client.invalidateQueries({ queryKey: ['runs'] })
  const begin = () => {
    if (document.hidden || (source !== undefined && source.readyState !== EventSource.CLOSED)) return
    if (source !== undefined) void fresh() // what came meanwhile is not told again
    source = new EventSource(`${base}v1/events`)
    for (const kind of KINDS) source.addEventListener(kind, hear)
    source.addEventListener('gap', () => void fresh())
  }
  const seen = () => (document.hidden ? source?.close() : begin())
  const back = onReached(begin)
  // A proxy between may keep the events for itself.
  const look = setInterval(() => {
    begin()
    if (!document.hidden && Date.now() - heard > SILENT && unfinished(client)) void fresh()
  }, 3000)
  document.addEventListener('visibilitychange', seen)
  begin()
  return () => {
    source?.close()
    back()
    clearInterval(look)
    clearTimeout(clock)
    document.removeEventListener('visibilitychange', seen)
  }
}

function noted(client: QueryClient, news: Told[]): void {
  let unknown = false
  for (const event of news) {
    if (event.run !== undefined) {
      progress.delete(event.run_id)
      remember(client, event.run)
      continue
    }
    progress.set(event.run_id, event)
    const run = known(client, event.run_id)
    if (run === undefined) unknown = true
    else if (event.type === 'started' && !isOver(run)) remember(client, { ...run, status: 'running', started_at: event.at })
    else if (event.type === 'retried') unknown = true
  }
  if (unknown) void newest(client)
  for (const listener of listeners) listener()
}

const known = (client: QueryClient, id: string): Run | undefined => first(client, (run) => run.id === id)
const unfinished = (client: QueryClient): boolean => first(client, (run) => !isOver(run)) !== undefined

/** One of the runs that were loaded. */
function first(client: QueryClient, which: (run: Run) => boolean): Run | undefined {
  for (const [, pages] of client.getQueriesData<Pages>({ queryKey: ['runs'] })) {
    for (const page of pages?.pages ?? []) {
      const found = page.data.find(which)
      if (found !== undefined) return found
    }
  }
  return undefined
}

let asking = false
/** Runs that somebody else asked for: the newest page, once a second at most. */
async function newest(client: QueryClient): Promise<void> {
  if (asking) return
  asking = true
  await new Promise((resolve) => setTimeout(resolve, 1000))
  asking = false
  const found = await data(api.GET('/v1/runs', { params: { query: { limit: PAGE } } })).catch(() => undefined)
  for (const run of found?.data ?? []) remember(client, run)
}

export async function cancel(client: QueryClient, run: string): Promise<void> {
  remember(client, await data(api.POST('/v1/runs/{id}/cancel', { params: { path: { id: run } } })))
}

export async function retry(client: QueryClient, run: string): Promise<void> {
  remember(client, await data(api.POST('/v1/runs/{id}/retry', { params: { path: { id: run } } })))
}
