// What the account used, day by day, and what it may.
import { useQuery } from '@tanstack/react-query'
import { type Day, quota, usage } from '../../api/accounts'
import { t } from '../../texts/account'
import { number } from '../../ui/format'
import { Card, Fault, Loading } from '../../ui/parts'
import { Cell, Table } from '../../ui/Table'
import { Spent } from './Spent'

export function Usage() {
  const days = useQuery({ queryKey: ['usage'], queryFn: usage })
  const may = useQuery({ queryKey: ['quota'], queryFn: quota })
  return (
    <div className="grid content-start gap-4 min-w-0">
      <Card title={t.quota}>
        {may.isPending && <Loading />}
        {may.isError && <Fault error={may.error} retry={() => void may.refetch()} />}
        {may.data !== undefined && <Spent quota={may.data} />}
      </Card>
      <Card title={t.usage}>
        {days.isPending && <Loading />}
        {days.isError && <Fault error={days.error} retry={() => void days.refetch()} />}
        {days.data?.length === 0 && <p className="text-soft">{t.noUsage}</p>}
        {days.data !== undefined && days.data.length > 0 && (
          <>
            <Bars days={days.data} />
            <Days days={days.data} />
          </>
        )}
      </Card>
    </div>
  )
}

const SHOWN = 30
const DAY = 86_400_000

/** Units, one bar for each of the last 30 days; those without use are empty. */
function Bars({ days }: { days: Day[] }) {
  const used = new Map(days.map((one) => [one.day, one.units]))
  const today = Math.floor(Date.now() / DAY) * DAY
  const all = Array.from({ length: SHOWN }, (_, at) => new Date(today - (SHOWN - 1 - at) * DAY).toISOString().slice(0, 10))
  const most = Math.max(1e-9, ...days.map((one) => one.units))
  return (
    <figure className="grid gap-1">
      <figcaption className="flex justify-between text-soft">
        <span>{t.perDay}</span>
        <span>{number(most)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${SHOWN * 10} 60`} preserveAspectRatio="none" className="h-20 w-full" role="img" aria-label={t.perDay}>
        <line x1="0" x2={SHOWN * 10} y1="59.5" y2="59.5" stroke="var(--color-line)" />
        {all.map((day, at) => {
          const high = (58 * (used.get(day) ?? 0)) / most
          return (
            <rect key={day} x={at * 10 + 1} y={59 - high} width="8" height={high} fill="var(--color-accent)">
              <title>{`${day}: ${number(used.get(day) ?? 0)}`}</title>
            </rect>
          )
        })}
      </svg>
      <div className="flex justify-between text-xs text-soft" aria-hidden>
        <span>{all[0]}</span>
        <span>{all.at(-1)}</span>
      </div>
    </figure>
  )
}

function Days({ days }: { days: Day[] }) {
  const heads = [t.runsCount, t.pictures, t.megapixels, t.seconds, t.units]
  return (
    <Table label={t.usage} heads={[[t.day, 'left'], ...heads.map((head): [string, 'right'] => [head, 'right'])]}>
      {days.toReversed().map((one) => (
        <tr key={one.day}>
          <Cell className="whitespace-nowrap">{one.day}</Cell>
          {[one.runs, one.pictures, one.megapixels, one.seconds, one.units].map((value, at) => (
            <Cell key={at} right>
              {number(value)}
            </Cell>
          ))}
        </tr>
      ))}
    </Table>
  )
}
