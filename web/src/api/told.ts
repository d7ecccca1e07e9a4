// What is told of something that goes on, put together as it comes: events -> whatever a page shows of them.
import { useEffect, useRef, useState } from 'react'
import { isLast, listenAt, type RunEvent } from './runs'

/** How often what was told is shown, in milliseconds. */
const APART = 80

interface Telling<S> {
  /** Where the events are; null = nothing is asked. */
  path: string | null
  /** What is told of, where one address tells of one thing after the other. */
  of?: string
  /** Whether it is over as far as the page knows; when it goes on again, so does this. */
  over?: boolean
  /** Before anything was told; it must stay the same from one rendering to the next, as must `after`. */
  empty: S
  after: (old: S, event: RunEvent) => S
  onEnd?: (last: RunEvent) => void
}

export function useTold<S>({ path, of = '', over = false, empty, after, onEnd }: Telling<S>): S {
  const [told, setTold] = useState(empty)
  const heard = useRef({ what: '', seen: 0, ended: false })
  const end = useRef(onEnd)
  end.current = onEnd
  useEffect(() => {
    if (path === null) return
    const what = `${path} ${of}`
    if (heard.current.what !== what) {
      heard.current = { what, seen: 0, ended: false }
      setTold(empty)
    }
    const now = heard.current
    if (over && now.ended) return
    now.ended = false
    let news: RunEvent[] = []
    let clock: ReturnType<typeof setTimeout> | undefined
    const show = () => {
      clock = undefined
      const those = news
      news = []
      setTold((old) => those.reduce(after, old))
    }
    const stop = listenAt(
      path,
      (event) => {
        now.seen = event.number
        now.ended = isLast(event)
        news.push(event)
        clock ??= setTimeout(show, APART)
        if (now.ended) end.current?.(event)
      },
      now.seen,
    )
    return () => {
      stop()
      clearTimeout(clock)
      if (news.length > 0) show()
    }
  }, [path, of, over, empty, after])
  return told
}

/** How far something is, and how fast it went. */
export interface Pace {
  /** Of all of it; null = it is not known yet. */
  part: number | null
  /** Where this attempt was first heard of, and when, in seconds. */
  begun: { part: number; at: number } | null
  /** When it was last heard of. */
  at: number
}

/** Seconds that are left, as fast as it went so far; null = there is nothing to tell by. */
export function left({ part, begun, at }: Pace): number | null {
  if (part === null || begun === null || part <= begun.part) return null
  return ((1 - part) * (at - begun.at)) / (part - begun.part)
}
