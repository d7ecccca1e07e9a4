// Pictures of a person on their way: one after the other, each with what became of it.
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { addPicture, type Taken } from '../../api/people'
import type { Chosen } from '../enhance/dropped'
import { remember } from './previews'

export interface Sent {
  key: number
  name: string
  state: 'waiting' | 'sending' | 'answered' | 'left'
  /** Of its bytes. */
  part: number
  answer: Taken | null
  fault: unknown
}

export interface Sending {
  all: Sent[]
  busy: boolean
  add: (files: Chosen[]) => void
  stop: () => void
  clear: () => void
}

let next = 0

/** What was begun ends with the page: those that were taken stay. */
export function useSending(person: string): Sending {
  const client = useQueryClient()
  const [all, setAll] = useState<Sent[]>([])
  const [busy, setBusy] = useState(false)
  const queue = useRef<{ key: number; file: File }[]>([])
  const working = useRef(false)
  const halt = useRef(new AbortController())
  const change = useCallback((key: number, now: Partial<Sent>) => setAll((old) => old.map((one) => (one.key === key ? { ...one, ...now } : one))), [])
  const work = useCallback(async () => {
    if (working.current) return
    working.current = true
    setBusy(true)
    for (let job = queue.current.shift(); job !== undefined; job = queue.current.shift()) {
      const { key, file } = job
      change(key, { state: 'sending' })
      try {
        const added = await addPicture(person, file, (part) => change(key, { part }), halt.current.signal)
        const answer = added.data[0] ?? null
        if (answer?.id != null) remember(answer.id, file)
        change(key, { state: 'answered', answer })
        client.setQueryData(['person', person], added.person)
        if (added.accepted > 0) void client.invalidateQueries({ queryKey: ['pictures of', person] })
      } catch (error) {
        const stopped = error instanceof DOMException && error.name === 'AbortError'
        change(key, { state: 'left', fault: stopped ? null : error })
      }
    }
    working.current = false
    setBusy(false)
    void client.invalidateQueries({ queryKey: ['people'] })
  }, [client, person, change])
  const add = useCallback(
    (files: Chosen[]) => {
      const mine = files.map(({ file }) => ({ key: next++, file }))
      queue.current.push(...mine)
      setAll((old) => [...mine.map(({ key, file }): Sent => ({ key, name: file.name, state: 'waiting', part: 0, answer: null, fault: null })), ...old])
      void work()
    },
    [work],
  )
  const stop = useCallback(() => {
    const waiting = queue.current.splice(0)
    halt.current.abort()
    halt.current = new AbortController()
    for (const { key } of waiting) change(key, { state: 'left' })
  }, [change])
  useEffect(() => stop, [stop])
  const clear = useCallback(() => setAll((old) => old.filter(({ state }) => state === 'waiting' || state === 'sending')), [])
  return { all, busy, add, stop, clear }
}
