// What an account may use, and how much of it is spent.
import type { Quota } from '../../api/accounts'
import { t } from '../../texts/account'
import { number } from '../../ui/format'

export function Spent({ quota }: { quota: Quota }) {
  const { daily, monthly, rate, burst, running } = quota
  const none = [daily, monthly, rate, running].every((one) => one === null)
  return (
    <div className="grid gap-2">
      {none && <p className="text-soft">{t.noQuota}</p>}
      {daily !== null && <Gauge told={t.today(number(quota.spent_today), number(daily))} part={quota.spent_today / Math.max(daily, 1e-9)} />}
      {monthly !== null && <Gauge told={t.month(number(quota.spent_this_month), number(monthly))} part={quota.spent_this_month / Math.max(monthly, 1e-9)} />}
      {rate !== null && <p className="text-soft">{t.rate(number(rate), number(burst))}</p>}
      {running !== null && <p className="text-soft">{t.running(number(running))}</p>}
    </div>
  )
}

function Gauge({ told, part }: { told: string; part: number }) {
  return (
    <div className="grid gap-1">
      <p>{told}</p>
      <div className="h-2 overflow-hidden rounded bg-raised" aria-hidden>
        <div className={`h-full ${part >= 1 ? 'bg-danger' : 'bg-accent'}`} style={{ width: `${Math.min(100, 100 * part)}%` }} />
      </div>
    </div>
  )
}
