// Numbers over steps, as a line: what was lowest and highest, and what is now.
import { t } from '../../texts/trainings'
import { number } from '../../ui/format'

const WIDE = 300
const HIGH = 80
const EDGE = 4

export function Plot({ title, points }: { title: string; points: { step: number; value: number }[] }) {
  const values = points.map(({ value }) => value)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const last = Math.max(points.at(-1)?.step ?? 0, 1)
  const latest = fine(values.at(-1) ?? 0)
  const x = (step: number) => (((WIDE - EDGE) * step) / last).toFixed(1)
  const y = (value: number) => (high === low ? HIGH / 2 : EDGE + ((HIGH - 2 * EDGE) * (high - value)) / (high - low)).toFixed(1)
  const path = points.map(({ step, value }, at) => `${at === 0 ? 'M' : 'L'}${x(step)} ${y(value)}`).join('')
  const told = `${title}: ${latest}, ${t.at(number(last))}`
  return (
    <figure className="grid gap-1 min-w-0">
      <figcaption className="flex flex-wrap justify-between gap-x-3">
        <span className="text-soft">{title}</span>
        <span>{latest}</span>
      </figcaption>
      <div className="grid grid-cols-[3.5rem_minmax(0,1fr)] gap-x-2">
        <div className="grid content-between text-right text-xs text-soft">
          <span>{high === low ? '' : fine(high)}</span>
          <span>{high === low ? '' : fine(low)}</span>
        </div>
        <svg viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" className="h-24 w-full" role="img" aria-label={told}>
          <line x1="0" x2={WIDE} y1={HIGH - 1} y2={HIGH - 1} stroke="var(--color-line)" />
          <line x1="0" x2={WIDE} y1="1" y2="1" stroke="var(--color-line)" strokeDasharray="2 4" />
          <path d={points.length === 1 ? `${path}l0.5 0` : path} fill="none" stroke="var(--color-accent)" strokeWidth={points.length === 1 ? 5 : 1.5} strokeLinecap="round" vectorEffect="non-scaling-stroke" />
        </svg>
        <div className="col-start-2 flex justify-between text-xs text-soft">
          <span>0</span>
          <span>{t.at(number(last))}</span>
        </div>
      </div>
    </figure>
  )
}

/** Figures that tell of small changes as well. */
const fine = (value: number): string => value.toLocaleString(undefined, { maximumSignificantDigits: Math.abs(value) < 1 ? 4 : 5 })
