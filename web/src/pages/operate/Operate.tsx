// What the server is doing now.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Problem } from '../../api/problem'
import { t } from '../../texts/en'
import { bytes, duration, number } from '../../ui/format'
import { Card, Empty, Fault, Loading, Page } from '../../ui/parts'
import { resident, sample, type Sample } from './api'
import { Chart } from './Chart'

/** Samples that are kept: five minutes. */
const KEPT = 150

export function Operate() {
  const found = useQuery({ queryKey: ['metrics'], queryFn: sample, refetchInterval: 2000, staleTime: 0, gcTime: 0 })
  const loaded = useQuery({ queryKey: ['resident'], queryFn: resident, refetchInterval: 5000 })
  const [samples, setSamples] = useState<Sample[]>([])
  useEffect(() => {
    const latest = found.data
    if (latest !== undefined) setSamples((old) => [...old.filter((one) => one.at < latest.at), latest].slice(-KEPT))
  }, [found.data])
  const latest = found.data?.values ?? new Map<string, number>()
  const value = (name: string) => latest.get(`printroom_${name}`) ?? 0
  const jobs = (state: string) => value(`jobs{kind="run",state="${state}"}`)
  return (
    <Page title={t.operate.title} lead={t.operate.lead}>
      {found.isPending && <Loading />}
      {found.isError && (
        <Fault error={found.error instanceof Problem && found.error.status === 403 ? new Error(t.operate.refused) : found.error} retry={() => void found.refetch()} />
      )}
      {found.isSuccess && (
        <>
          <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-5">
            <Figure name={t.operate.running} value={number(value('requests_running'))} />
            <Figure name={t.operate.waiting} value={number(value('requests_waiting'))} />
            <Figure name={t.operate.workers} value={t.operate.of(number(value('workers') - value('workers_idle')), number(value('workers')))} />
            <Figure name={t.operate.jobs} value={number(jobs('queued') + jobs('delayed'))} />
            <Figure name={t.operate.memory} value={bytes(latest.get('process_resident_memory_bytes') ?? 0)} />
          </dl>
          <div className="grid gap-4 sm:grid-cols-2">
            <Chart title={t.operate.requests} points={rates(samples, 'printroom_request_seconds_count')} />
            <Chart title={t.operate.latency} points={means(samples, 'printroom_request_seconds')} />
            <Chart title={t.operate.runs} points={rates(samples, 'printroom_job_seconds_count')} />
            <Chart title={t.operate.runLatency} points={means(samples, 'printroom_job_seconds')} />
          </div>
        </>
      )}
      <Card title={t.operate.resident}>
        {loaded.isError && <Fault error={loaded.error} retry={() => void loaded.refetch()} />}
        {loaded.data?.models.length === 0 && <Empty>{t.operate.noResident}</Empty>}
        {loaded.data !== undefined && loaded.data.models.length > 0 && (
          <>
            <p className="text-soft">{t.operate.of(bytes(loaded.data.bytes), bytes(loaded.data.limit))}</p>
            <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={t.operate.resident}>
              <table className="w-full min-w-96 text-left">
                <thead className="text-soft">
                  <tr>
                    <th className="font-normal">{t.operate.model}</th>
                    <th className="text-right font-normal">{t.operate.bytes}</th>
                    <th className="text-right font-normal">{t.operate.inUse}</th>
                    <th className="text-right font-normal">{t.operate.idle}</th>
                  </tr>
                </thead>
                <tbody>
                  {loaded.data.models.map((one) => (
                    <tr key={one.model} className="border-t border-line">
                      <td className="py-1">
                        {one.model} {one.pinned && <span className="text-soft">({t.operate.pinned})</span>}
                      </td>
                      <td className="text-right">{bytes(one.bytes)}</td>
                      <td className="text-right">{one.in_use}</td>
                      <td className="text-right">{duration(one.idle_seconds)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </>
        )}
      </Card>
    </Page>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className="grid rounded-lg border border-line bg-sheet p-3">
      <dt className="text-soft">{name}</dt>
      <dd className="text-xl">{value}</dd>
    </div>
  )
}

/** How much a counter grew a second, between each two samples; a server that began anew begins at 0. */
function rates(samples: Sample[], name: string): number[] {
  return pairs(samples, (before, after) => {
    const grown = (after.values.get(name) ?? 0) - (before.values.get(name) ?? 0)
    return Math.max(0, grown) / ((after.at - before.at) / 1000)
  })
}

/** Seconds that one took on average, of those that ended between each two samples. */
function means(samples: Sample[], name: string): number[] {
  return pairs(samples, (before, after) => {
    const grown = (part: string) => (after.values.get(`${name}_${part}`) ?? 0) - (before.values.get(`${name}_${part}`) ?? 0)
    return grown('count') > 0 ? Math.max(0, grown('sum') / grown('count')) : 0
  })
}

function pairs(samples: Sample[], between: (before: Sample, after: Sample) => number): number[] {
  return samples.slice(1).map((after, at) => between(samples[at] as Sample, after))
}
