// Numbers over time, as a line; the newest at the right.
import { number } from '../../ui/format'

const WIDE = 300
const HIGH = 80
/** Points of a full chart. */
const FULL = 149

export function Chart({ title, points }: { title: string; points: number[] }) {
  const most = Math.max(1e-9, ...points)
  const place = (value: number, at: number) =>
    `${((WIDE * (FULL - points.length + at)) / (FULL - 1)).toFixed(1)},${(HIGH - 2 - ((HIGH - 4) * value) / most).toFixed(1)}`
  const latest = points.at(-1) ?? 0
  return (
    <figure className="grid gap-2 rounded-lg border border-line bg-sheet p-4">
      <figcaption className="flex justify-between gap-2">
        <span className="text-soft">{title}</span>
        <span>{number(latest)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" className="h-24 w-full" role="img" aria-label={`${title}: ${number(latest)}`}>
        <line x1="0" x2={WIDE} y1={HIGH - 1} y2={HIGH - 1} stroke="var(--color-line)" />
        <polyline points={points.map(place).join(' ')} fill="none" stroke="var(--color-accent)" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  )
}
