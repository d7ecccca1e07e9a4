// One history of edits: what was there before each, and what came after those that were undone.

export interface Edit<T> {
  /** What it did, for people. */
  said: string
  /** What was there before it. */
  before: T
}
export interface History<T> {
  now: T
  past: Edit<T>[]
  future: { said: string; after: T }[]
  /** Edits with the same key, one after the other, are one: what is typed into a field. */
  key: string | null
}
const LONGEST = 300

export const begun = <T>(now: T): History<T> => ({ now, past: [], future: [], key: null })

export function edited<T>(history: History<T>, now: T, said: string, key: string | null = null): History<T> {
  if (key !== null && key === history.key) return { ...history, now, future: [] }
  return { now, past: [...history.past.slice(1 - LONGEST), { said, before: history.now }], future: [], key }
}

export function undone<T>(history: History<T>): History<T> {
  const last = history.past.at(-1)
  if (last === undefined) return history
  return { now: last.before, past: history.past.slice(0, -1), future: [{ said: last.said, after: history.now }, ...history.future], key: null }
}

export function redone<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future
  if (next === undefined) return history
  return { now: next.after, past: [...history.past, { said: next.said, before: history.now }], future, key: null }
}
