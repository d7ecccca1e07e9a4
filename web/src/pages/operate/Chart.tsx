// Numbers over time, as lines; the newest at the right, the largest at the top.
import { t } from '../../texts/operate'
import { number } from '../../ui/format'

const WIDE = 300
const HIGH = 80
/** Points of a full chart, and minutes that they take. */
export const FULL = 150
const MINUTES = 5

export interface Line {
  /** Empty where there is but one. */
  name: string
  points: (number | null)[]
}
const LOOKS = [
  { stroke: 'var(--color-accent)', strokeDasharray: undefined },
  { stroke: 'var(--color-warn)', strokeDasharray: '4 3' },
]

export function Chart({ title, lines }: { title: string; lines: Line[] }) {
  const most = Math.max(1e-9, ...lines.flatMap((line) => line.points.map((one) => one ?? 0)))
  const latest = lines.map((line) => line.points.findLast((one) => one !== null) ?? null)
  const told = lines.map((line, at) => `${line.name} ${shown(latest[at] ?? null)}`.trim()).join(', ')
  return (
    <figure className="grid gap-2 rounded-lg border border-line bg-sheet p-4 min-w-0">
      <figcaption className="flex flex-wrap justify-between gap-x-3">
        <span className="text-soft">{title}</span>
        <span className="flex flex-wrap gap-x-3">
          {lines.map((line, at) => (
            <span key={line.name} className="inline-flex items-center gap-1">
              {line.name !== '' && <Key look={LOOKS[at] ?? LOOKS[0]} />}
              {line.name !== '' && <span className="text-soft">{line.name}</span>}
              {shown(latest[at] ?? null)}
            </span>
          ))}
        </span>
      </figcaption>
      <div className="relative">
        <span className="absolute top-0 left-0 text-xs text-soft">{most > 1e-9 ? number(most) : ''}</span>
        <svg viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" className="h-24 w-full" role="img" aria-label={`${title}: ${told}`}>
          <line x1="0" x2={WIDE} y1={HIGH - 1} y2={HIGH - 1} stroke="var(--color-line)" />
          <line x1="0" x2={WIDE} y1="1" y2="1" stroke="var(--color-line)" strokeDasharray="2 4" />
          {lines.map((line, at) => (
            <path key={line.name} d={path(line.points, most)} fill="none" strokeWidth="1.5" vectorEffect="non-scaling-stroke" {...(LOOKS[at] ?? LOOKS[0])} />
          ))}
        </svg>
      </div>
      <div className="flex justify-between text-xs text-soft">
        <span>{t.now.since(MINUTES)}</span>
        <span>{t.now.present}</span>
      </div>
    </figure>
  )
}

function Key({ look }: { look: (typeof LOOKS)[number] | undefined }) {
  return (
    <svg width="16" height="8" aria-hidden>
      <line x1="0" x2="16" y1="4" y2="4" strokeWidth="2" {...look} />
    </svg>
  )
}

/** A line with gaps where nothing is known; what stands alone is a dot. */
function path(points: (number | null)[], most: number): string {
  const place = (value: number, at: number) =>
    `${((WIDE * (FULL - 1 - points.length + at)) / (FULL - 2)).toFixed(1)} ${(HIGH - 2 - ((HIGH - 4) * value) / most).toFixed(1)}`
  return points
    .map((value, at) => {
      if (value === null) return ''
      const alone = points[at - 1] == null
      return alone ? `M${place(value, at)}l0.5 0` : `L${place(value, at)}`
    })
    .join('')
}

const shown = (value: number | null): string => (value === null ? '–' : number(value))
