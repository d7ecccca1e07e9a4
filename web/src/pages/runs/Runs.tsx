// All runs, live, with filters.
import { useQuery } from '@tanstack/react-query'
import { useCallback, useDeferredValue, useMemo, useState } from 'react'
import { type Run } from '../../api/client'
import { type Status, useEvents, useProgress, useRuns } from '../../api/runs'
import { t } from '../../texts/en'
import { between, duration, moment } from '../../ui/format'
import { Empty, Fault, Field, FIELD, Loading, Page, Select } from '../../ui/parts'
import { Rows } from '../../ui/Rows'
import { pipelines } from '../pipelines/api'
import { State } from './State'

const STATES: Status[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled']
/** What the server takes as the name of a pipeline. */
const NAME = /[^A-Za-z0-9_./-]/g

export function Runs() {
  const [status, setStatus] = useState<Status | undefined>()
  const [typed, setTyped] = useState('')
  const target = useDeferredValue(typed.trim().replace(/@.*$/, '').replace(NAME, ''))
  const runs = useRuns({ status, target: target || undefined })
  useEvents()
  const names = useQuery({ queryKey: ['pipelines'], queryFn: pipelines, staleTime: 60_000, retry: false })
  const all = useMemo(() => (runs.data?.pages ?? []).flatMap((page) => page.data), [runs.data])
  const more = useCallback(() => {
    if (runs.hasNextPage && !runs.isFetchingNextPage) void runs.fetchNextPage()
  }, [runs])
  const filtered = status !== undefined || target !== ''
  return (
    <Page title={t.runs.title} lead={t.runs.lead}>
      <div className="grid gap-3 sm:grid-cols-[12rem_20rem]">
        <Field label={t.runs.status}>
          <Select value={status ?? ''} onChange={(event) => setStatus((event.target.value || undefined) as Status | undefined)}>
            <option value="">{t.runs.any}</option>
            {STATES.map((one) => (
              <option key={one} value={one}>
                {t.runs.states[one]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t.runs.pipeline}>
          <input className={FIELD} list="pipelines" value={typed} placeholder={t.runs.anyPipeline} onChange={(event) => setTyped(event.target.value)} />
        </Field>
        <datalist id="pipelines">{names.data?.map((one) => <option key={one.id} value={one.name} />)}</datalist>
      </div>
      {runs.isPending && <Loading />}
      {runs.isError && <Fault error={runs.error} retry={() => void runs.refetch()} />}
      {runs.isSuccess && all.length === 0 && <Empty>{filtered ? t.runs.noneSuch : t.runs.none}</Empty>}
      {all.length > 0 && (
        <Rows rows={all} height={52} keyOf={(run) => run.id} label={t.runs.title} onEnd={more} className="max-h-[70vh] rounded-lg border border-line bg-sheet">
          {(run) => <Row run={run} />}
        </Rows>
      )}
    </Page>
  )
}

/** A plain link: that of the router costs as much as all the rest of a row, and rows come by the dozen. */
function Row({ run }: { run: Run }) {
  const { done, tiles } = useProgress(run.id)?.data ?? {}
  const part = run.status === 'running' && tiles !== undefined && tiles > 0 ? `${Math.round((100 * (done ?? 0)) / tiles)} %` : ''
  const names = Object.values(run.files).map((file) => file.name).filter((name) => name !== '')
  return (
    <a
      href={`#/runs/${run.id}`}
      className="grid h-full grid-cols-[7rem_minmax(0,1fr)_auto] items-center gap-3 border-b border-line px-3 no-underline hover:bg-raised focus-visible:-outline-offset-2 sm:grid-cols-[7rem_minmax(0,1fr)_14rem_5rem]"
    >
      <State status={run.status} />
      <span className="min-w-0">
        <span className="block truncate">
          {run.target} <span className="text-soft">{names[0] ?? <span className="font-mono text-xs">{run.id.slice(0, 12)}</span>}</span>
        </span>
        {run.error !== null && <span className="block truncate text-xs text-danger">{run.error.message}</span>}
      </span>
      <time className="text-soft max-sm:hidden">{moment(run.created_at)}</time>
      <span className="text-right text-soft">{part || took(run.started_at, run.finished_at)}</span>
    </a>
  )
}

function took(from: string | null, to: string | null): string {
  const seconds = between(from, to)
  return seconds === null ? '' : duration(seconds)
}
