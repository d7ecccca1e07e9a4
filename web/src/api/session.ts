// Who is signed in. A request that needs somebody waits until there is one; nothing typed is lost.
import { useSyncExternalStore } from 'react'
import { base, lost, reached } from './connection'
import { type Problem, problemOf } from './problem'

export interface Session {
  user: { id: string; email: string; accounts: unknown[] } | null
  account: { id: string; name: string }
  scopes: string[]
  csrf: string | null
}
export interface Ways {
  needed: boolean
  password: boolean
  oidc: boolean
}
interface State {
  /** `asking`: not known yet. `out`: somebody has to sign in. `refused`: not from here, says `why`. */
  kind: 'asking' | 'in' | 'out' | 'refused'
  session: Session | null
  /** Whether there was a session before, whose time is over. */
  expired: boolean
  why?: Problem
}

let state: State = { kind: 'asking', session: null, expired: false }
let waiting: (() => void)[] = []
const listeners = new Set<() => void>()

export function useSession(): State {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => state,
  )
}

export function csrf(): string | null {
  return state.session?.csrf ?? null
}

/** Ask who is signed in. */
export async function look(): Promise<void> {
  try {
    const answer = await fetch(`${base}v1/sessions/current`)
    if (answer.ok) return enter((await answer.json()) as Session)
    if (answer.status === 401) return leave()
    const why = await problemOf(answer)
    if (answer.status < 500) return set({ kind: 'refused', session: null, expired: false, why })
    throw why
  } catch {
    lost()
    await reached()
    return look()
  }
}

/** Resolves when somebody has signed in. */
export function signedIn(): Promise<void> {
  const promise = new Promise<void>((resolve) => waiting.push(resolve))
  if (state.kind === 'in') leave()
  return promise
}

export async function ways(): Promise<Ways> {
  return (await (await fetch(`${base}v1/sessions`)).json()) as Ways
}

/** Raises Problem. */
export async function signIn(email: string, password: string): Promise<void> {
  const answer = await fetch(`${base}v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  if (!answer.ok) throw await problemOf(answer)
  await look()
}

export async function signOut(): Promise<void> {
  await fetch(`${base}v1/sessions/current`, { method: 'DELETE', headers: { 'x-csrf-token': csrf() ?? '' } })
  location.reload() // nothing of theirs stays in memory
}

function enter(session: Session): void {
  set({ kind: 'in', session, expired: false })
  const those = waiting
  waiting = []
  for (const resolve of those) resolve()
}

function leave(): void {
  set({ kind: 'out', session: state.session, expired: state.session !== null })
}

function set(next: State): void {
  state = next
  for (const listener of listeners) listener()
}
