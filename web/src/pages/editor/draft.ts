// What is not published yet, in this browser: a reload, or a day, loses nothing that was typed.
import type { Doc } from './edits'
import { isSound } from './sound'

export interface Draft extends Doc {
  /** The text as it was being typed; null = it follows the drawing. */
  typed: string | null
  /** Milliseconds since 1970. */
  at: number
}

const nameOf = (key: string): string => `printroom-draft:${key}`

export function read(key: string): Draft | null {
  try {
    const found = JSON.parse(localStorage.getItem(nameOf(key)) ?? 'null') as Draft | null
    if (found === null || typeof found.spec?.name !== 'string' || !isSound({ ...found.spec, places: found.places })) return null
    return { ...found, typed: typeof found.typed === 'string' ? found.typed : null, at: Number(found.at) || 0 }
  } catch {
    return null
  }
}

/** Whether it could be kept. */
export function keep(key: string, draft: Draft): boolean {
  try {
    localStorage.setItem(nameOf(key), JSON.stringify(draft))
    return true
  } catch {
    return false
  }
}

export function drop(key: string): void {
  try {
    localStorage.removeItem(nameOf(key))
  } catch {
    // a browser that keeps nothing has nothing to take away
  }
}
