// Small plots of a model: its scores, and the memory that a tile takes.
import type { Score } from '../../api/models'
import { bytes, number } from '../../ui/format'

/** One bar for each set, by metric; bars of one metric have one scale. */
export function Scores({ scores }: { scores: Score[] }) {
  const metrics = [...new Set(scores.map((one) => one.metric))]
  return (
    <div className="grid gap-4">
      {metrics.map((metric) => {
        const those = scores.filter((one) => one.metric === metric)
        const most = Math.max(...those.map((one) => Math.abs(one.value)), 1e-9)
        const unit = those[0]?.unit ?? ''
        return (
          <div key={metric} className="grid gap-1">
            <h3 className="text-soft">{`${metric.toUpperCase()}${unit === '' ? '' : `, ${unit}`}`}</h3>
            <Bars rows={those.map((one) => [one.set, Math.abs(one.value) / most, number(one.value)])} />
          </div>
        )
      })}
    </div>
  )
}

/** `bytesOf`: side of a tile -> bytes. */
export function Memory({ bytesOf }: { bytesOf: Record<string, number> }) {
  const all = Object.entries(bytesOf).sort(([one], [other]) => Number(one) - Number(other))
  const most = Math.max(...all.map(([, count]) => count), 1)
  return <Bars rows={all.map(([side, count]) => [side, count / most, bytes(count)])} />
}

function Bars({ rows }: { rows: [string, number, string][] }) {
  return (
    <dl className="grid grid-cols-[minmax(3rem,max-content)_1fr_max-content] items-center gap-x-3 gap-y-1">
      {rows.map(([name, part, value]) => (
        <div key={name} className="contents">
          <dt className="max-w-48 break-words">{name}</dt>
          <dd aria-hidden className="h-3 rounded bg-raised">
            <div className="h-full rounded bg-accent" style={{ width: `${100 * Math.max(0.01, part)}%` }} />
          </dd>
          <dd className="text-right">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
