// What the account used, day by day, and what it may.
import { useQuery } from '@tanstack/react-query'
import { api, data } from '../../api/client'
import { t } from '../../texts/en'
import { number } from '../../ui/format'
import { Card, Fault, Loading } from '../../ui/parts'

interface Day {
  day: string
  runs: number
  pictures: number
  megapixels: number
  seconds: number
  units: number
}
interface Quota {
  daily: number | null
  monthly: number | null
  spent_today: number
  spent_this_month: number
}

export function Usage() {
  const days = useQuery({
    queryKey: ['usage'],
    queryFn: async () => ((await data(api.GET('/v1/usage'))) as unknown as { data: Day[] }).data,
  })
  const quota = useQuery({
    queryKey: ['quota'],
    queryFn: async () => (await data(api.GET('/v1/quotas'))) as unknown as Quota,
  })
  return (
    <Card title={t.account.usage}>
      {days.isPending && <Loading />}
      {days.isError && <Fault error={days.error} retry={() => void days.refetch()} />}
      {quota.data !== undefined && <Limits quota={quota.data} />}
      {days.data?.length === 0 && <p className="text-soft">{t.account.noUsage}</p>}
      {days.data !== undefined && days.data.length > 0 && (
        <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={t.account.usage}>
          <table className="w-full text-right">
            <thead className="text-soft">
              <tr>
                {[t.account.day, t.account.runsCount, t.account.pictures, t.account.megapixels, t.account.seconds, t.account.units].map((name) => (
                  <th key={name} className="font-normal first:text-left px-1">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {days.data.map((one) => (
                <tr key={one.day} className="border-t border-line">
                  <td className="py-1 text-left whitespace-nowrap">{one.day}</td>
                  {[one.runs, one.pictures, one.megapixels, one.seconds, one.units].map((value, at) => (
                    <td key={at} className="px-1">
                      {number(value)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  )
}

function Limits({ quota }: { quota: Quota }) {
  const { daily, monthly } = quota
  return (
    <p className="text-soft">
      {daily === null && monthly === null && `${t.account.quota}: ${t.account.noQuota}`}
      {daily !== null && t.account.today(number(quota.spent_today), number(daily))}
      {daily !== null && monthly !== null && '; '}
      {monthly !== null && t.account.month(number(quota.spent_this_month), number(monthly))}
    </p>
  )
}
