// What this server is doing now.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { t } from '../../texts/operate'
import { bytes, duration, number } from '../../ui/format'
import { Card, Empty, Fault, Loading } from '../../ui/parts'
import { Cell, Table } from '../../ui/Table'
import { quantiles, rates, resident, sample, type Sample } from './api'
import { Chart, FULL } from './Chart'
import { Frame, Refused } from './Frame'

/** Of this visit, also while another page was open. */
let kept: Sample[] = []

export function Operate() {
  const found = useQuery({ queryKey: ['metrics'], queryFn: sample, refetchInterval: 2000, staleTime: 0, gcTime: 0 })
  const [samples, setSamples] = useState(kept)
  useEffect(() => {
    const latest = found.data
    if (latest === undefined) return
    kept = [...kept.filter((one) => one.at < latest.at), latest].slice(-FULL)
    setSamples(kept)
  }, [found.data])
  const latest = found.data
  return (
    <Frame>
      {found.isPending && <Loading />}
      {found.isError && <Refused error={found.error} scope="metrics" retry={() => void found.refetch()} />}
      {latest !== undefined && (
        <>
          <Figures latest={latest} />
          <div className="grid gap-4 sm:grid-cols-2">
            <Chart title={t.now.requests} lines={[{ name: '', points: rates(samples, 'printroom_request_seconds_count') }]} />
            <Chart title={t.now.latency} lines={times(samples, 'printroom_request_seconds')} />
            <Chart title={t.now.runs} lines={[{ name: '', points: rates(samples, 'printroom_job_seconds_count') }]} />
            <Chart title={t.now.runLatency} lines={times(samples, 'printroom_job_seconds')} />
          </div>
          <div className="grid gap-4 lg:grid-cols-2">
            <Queue latest={latest} />
            <Pools latest={latest} />
          </div>
        </>
      )}
      <Memory />
    </Frame>
  )
}

function times(samples: Sample[], name: string) {
  return [
    { name: t.now.median, points: quantiles(samples, name, 0.5) },
    { name: t.now.slow, points: quantiles(samples, name, 0.95) },
  ]
}

const value = (latest: Sample, name: string): number => latest.values.get(`printroom_${name}`) ?? 0

function Figures({ latest }: { latest: Sample }) {
  const workers = value(latest, 'workers')
  const figures: [string, string][] = [
    [t.now.running, number(value(latest, 'requests_running'))],
    [t.now.waiting, number(value(latest, 'requests_waiting'))],
    [t.now.workers, t.now.of(number(workers - value(latest, 'workers_idle')), number(workers))],
    [t.now.memory, bytes(latest.values.get('process_resident_memory_bytes') ?? 0)],
  ]
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {figures.map(([name, shown]) => (
        <div key={name} className="grid rounded-lg border border-line bg-sheet p-3">
          <dt className="text-soft">{name}</dt>
          <dd className="text-xl">{shown}</dd>
        </div>
      ))}
    </dl>
  )
}

const STATES = ['queued', 'delayed', 'running', 'dead'] as const

/** Jobs of all who share the database, by kind. */
function Queue({ latest }: { latest: Sample }) {
  const count = (kind: string, state: string) => value(latest, `jobs{kind="${kind}",state="${state}"}`)
  const kinds = [...new Set([...latest.values.keys()].map((name) => /^printroom_jobs\{kind="([^"]*)"/.exec(name)?.[1]))].filter(
    (kind) => kind !== undefined,
  )
  const oldest = value(latest, 'jobs_oldest_seconds')
  return (
    <Card title={t.now.queue}>
      {kinds.length === 0 ? (
        <p className="text-soft">{t.now.noQueue}</p>
      ) : (
        <Table label={t.now.queue} heads={[[t.now.kind, 'left'], ...STATES.map((state): [string, 'right'] => [t.now.states[state] ?? state, 'right'])]}>
          {kinds.map((kind) => (
            <tr key={kind}>
              <Cell>{t.now.kinds[kind] ?? kind}</Cell>
              {STATES.map((state) => (
                <Cell key={state} right className={state === 'dead' && count(kind, state) > 0 ? 'text-danger' : ''}>
                  {number(count(kind, state))}
                </Cell>
              ))}
            </tr>
          ))}
        </Table>
      )}
      {oldest > 0 && <p className="text-soft">{t.now.oldest(duration(oldest))}</p>}
    </Card>
  )
}

function Pools({ latest }: { latest: Sample }) {
  const workers = value(latest, 'workers')
  const restarts = value(latest, 'worker_restarts_total')
  return (
    <Card title={t.now.pools}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        <dt className="text-soft">{t.now.pool.tiles}</dt>
        <dd>
          {t.now.busy(number(workers - value(latest, 'workers_idle')), number(workers))}
          {restarts > 0 && <span className="text-warn">{`, ${t.now.restarts(number(restarts))}`}</span>}
        </dd>
        <dt className="text-soft">{t.now.pool.jobs}</dt>
        <dd>{t.now.jobWorkers(number(value(latest, 'job_workers')))}</dd>
      </dl>
    </Card>
  )
}

function Memory() {
  const loaded = useQuery({ queryKey: ['resident'], queryFn: resident, refetchInterval: 5000 })
  return (
    <Card title={t.now.resident}>
      {loaded.isError && <Fault error={loaded.error} retry={() => void loaded.refetch()} />}
      {loaded.data?.models.length === 0 && <Empty>{t.now.noResident}</Empty>}
      {loaded.data !== undefined && loaded.data.models.length > 0 && (
        <>
          <p className="text-soft">{t.now.of(bytes(loaded.data.bytes), bytes(loaded.data.limit))}</p>
          <div className="h-2 overflow-hidden rounded bg-raised" aria-hidden>
            <div className="h-full bg-accent" style={{ width: `${Math.min(100, (100 * loaded.data.bytes) / Math.max(1, loaded.data.limit))}%` }} />
          </div>
          <Table
            label={t.now.resident}
            heads={[
              [t.now.model, 'left'],
              [t.now.bytes, 'right'],
              [t.now.inUse, 'right'],
              [t.now.idle, 'right'],
            ]}
          >
            {loaded.data.models.map((one) => (
              <tr key={one.model}>
                <Cell>
                  {one.model} {one.pinned && <span className="text-soft">({t.now.pinned})</span>}
                </Cell>
                <Cell right>{bytes(one.bytes)}</Cell>
                <Cell right>{one.in_use}</Cell>
                <Cell right>{duration(one.idle_seconds)}</Cell>
              </tr>
            ))}
          </Table>
        </>
      )}
    </Card>
  )
}
