// A list of which only the rows in sight exist: rows of one height, in a box that scrolls.
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'

const SPARE = 6

export function Rows<T>({
  rows,
  height,
  keyOf,
  children,
  onEnd,
  label,
  className = '',
}: {
  rows: T[]
  height: number
  keyOf: (row: T) => string
  children: (row: T) => ReactNode
  onEnd?: () => void
  label: string
  className?: string
}) {
  const box = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState({ top: 0, height: 800 })
  useLayoutEffect(() => {
    const now = box.current
    if (now === null) return
    const look = () =>
      setSeen((old) => (old.top === now.scrollTop && old.height === now.clientHeight ? old : { top: now.scrollTop, height: now.clientHeight }))
    const watch = new ResizeObserver(look)
    watch.observe(now)
    now.addEventListener('scroll', look, { passive: true })
    return () => {
      watch.disconnect()
      now.removeEventListener('scroll', look)
    }
  }, [])
  const first = Math.max(0, Math.floor(seen.top / height) - SPARE)
  const last = Math.min(rows.length, Math.ceil((seen.top + seen.height) / height) + SPARE)
  const atEnd = last >= rows.length
  useLayoutEffect(() => {
    if (atEnd) onEnd?.()
  }, [atEnd, onEnd])
  return (
    <div ref={box} className={`overflow-y-auto overscroll-contain ${className}`} tabIndex={0} role="group" aria-label={label}>
      <ul aria-label={label} className="relative" style={{ height: rows.length * height }}>
        {rows.slice(first, last).map((row, at) => (
          <li
            key={keyOf(row)}
            aria-setsize={rows.length}
            aria-posinset={first + at + 1}
            className="absolute inset-x-0"
            style={{ top: (first + at) * height, height }}
          >
            {children(row)}
          </li>
        ))}
      </ul>
    </div>
  )
}
