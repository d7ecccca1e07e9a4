// Whether the server can be reached, and a promise for when it can again.
import { useSyncExternalStore } from 'react'
import { Problem } from './problem'

let reachable = true
let waiting: (() => void)[] = []
const listeners = new Set<() => void>()

/** Where the server is; ends with a slash. Pages are behind `#`, so this holds below any path. */
export const base = new URL('.', location.href).href

/** An address of this server, below wherever it lies. */
export const here = (path: string): string => base + path.replace(/^\//, '')

/** The request did not get through; nothing is known of what became of it. */
export class Lost extends Error {}

/** Say that a request did not get through; from then on the server is asked until it answers. */
export function lost(): void {
  if (!reachable) return
  reachable = false
  tell()
  void ask()
}

/** Resolves when the server can be reached. */
export function reached(): Promise<void> {
  return reachable ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))
}

/** Do `work` until it gets through and the server has time for it: for what may be sent twice. */
export async function persist<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Problem && error.status === 503) await new Promise((done) => setTimeout(done, 2000))
      else if (error instanceof Lost) await reached()
      else throw error
    }
  }
}

export function useReachable(): boolean {
  return useSyncExternalStore(subscribe, () => reachable)
}

export function onReached(listener: () => void): () => void {
  return subscribe(() => reachable && listener())
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function tell(): void {
  for (const listener of listeners) listener()
}

async function ask(): Promise<void> {
  for (let pause = 500; ; pause = Math.min(pause * 1.5, 5000)) {
    await new Promise((resolve) => setTimeout(resolve, pause))
    const ready = await fetch(`${base}readyz`).then((answer) => answer.ok, () => false)
    if (!ready) continue
    reachable = true
    const those = waiting
    waiting = []
    for (const resolve of those) resolve()
    return tell()
  }
}
