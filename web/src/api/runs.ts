// Runs as the pages see them: pages of a list kept fresh, and the progress of those in progress.
import { type InfiniteData, type QueryClient, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { api, data, type Run } from './client'
import { base, onReached } from './connection'

export interface RunEvent {
  number: number
  type: string
  at: string
  data: { step?: string; number?: number; of?: number; done?: number; tiles?: number; [name: string]: unknown }
  run?: Run
}
export type Status = Run['status']
type Pages = InfiniteData<{ data: Run[]; next: string | null }, string | undefined>

export const isOver = (run: Run): boolean => run.status !== 'queued' && run.status !== 'running'
/** The name of what was run, without owner and version. */
export const bare = (target: string): string => target.replace(/^.*\//, '').replace(/@.*$/, '')

/** Followed by events at once; a browser has six lines to one server, and needs some. */
const FOLLOWED = 3
const PAGE = 100

export function useRuns(status: Status | undefined) {
  return useInfiniteQuery({
    queryKey: ['runs', status ?? 'all'],
    queryFn: ({ pageParam }) =>
      data(api.GET('/v1/runs', { params: { query: { status, after: pageParam, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: (query) => {
      const found = query.state.data?.pages.flatMap((page) => page.data) ?? []
      return found.some((run) => !isOver(run)) ? 2000 : 15_000
    },
  })
}

/** Put a run into all lists that have it, or at the head of that of all. */
export function remember(client: QueryClient, run: Run): void {
  client.setQueryData(['run', run.id], run)
  for (const [key, pages] of client.getQueriesData<Pages>({ queryKey: ['runs'] })) {
    if (pages === undefined) continue
    const known = pages.pages.some((page) => page.data.some((one) => one.id === run.id))
    client.setQueryData<Pages>(key, {
      ...pages,
      pages: pages.pages.map((page, at) => {
        if (known) return { ...page, data: page.data.map((one) => (one.id === run.id ? run : one)) }
        return at === 0 && key[1] === 'all' ? { ...page, data: [run, ...page.data] } : page
      }),
    })
  }
}

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
export function listen(run: string, onEvent: (event: RunEvent) => void): () => void {
  let seen = 0
  let source: EventSource
  let stopped = false
  const begin = () => {
    source = new EventSource(`${base}v1/runs/${run}/events?after=${seen}`)
    for (const kind of KINDS) {
      source.addEventListener(kind, (message) => {
        const event = JSON.parse((message as MessageEvent<string>).data) as RunEvent
        if (event.number <= seen) return
        seen = event.number
        if (event.run !== undefined) stop()
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
  'queued', 'started', 'step', 'progress', 'log', 'retry', 'delayed', 'released', 'expired', 'failed', 'requeued',
  'moved', 'done', 'dead', 'cancelling', 'cancelled', 'retried', 'lost',
]

/** Follow the oldest few of `runs` that are not over. */
export function useFollowed(runs: Run[]): void {
  const client = useQueryClient()
  const open = runs
    .filter((run) => !isOver(run))
    .slice(-FOLLOWED)
    .map((run) => run.id)
    .join(' ')
  useEffect(() => {
    const stops = open === '' ? [] : open.split(' ').map((id) => listen(id, (event) => noted(client, id, event)))
    return () => stops.forEach((stop) => stop())
  }, [client, open])
}

function noted(client: QueryClient, id: string, event: RunEvent): void {
  if (event.run !== undefined) {
    progress.delete(id)
    remember(client, event.run)
  } else {
    progress.set(id, event)
    if (event.type === 'started') void client.invalidateQueries({ queryKey: ['runs'] })
  }
  for (const listener of listeners) listener()
}

export async function cancel(client: QueryClient, run: string): Promise<void> {
  remember(client, await data(api.POST('/v1/runs/{id}/cancel', { params: { path: { id: run } } })))
}

export async function retry(client: QueryClient, run: string): Promise<void> {
  remember(client, await data(api.POST('/v1/runs/{id}/retry', { params: { path: { id: run } } })))
}
