// All runs, live, with filters.
import { Link } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { type Status, useFollowed, useRuns } from '../../api/runs'
import { t } from '../../texts/en'
import { between, duration, moment } from '../../ui/format'
import { Empty, Fault, Field, FIELD, Loading, Page, Select } from '../../ui/parts'
import { Rows } from '../../ui/Rows'
import { State } from './State'

const STATES: Status[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled']

export function Runs() {
  const [status, setStatus] = useState<Status | undefined>()
  const [search, setSearch] = useState('')
  const runs = useRuns(status)
  const all = useMemo(() => (runs.data?.pages ?? []).flatMap((page) => page.data), [runs.data])
  const shown = all.filter((run) => `${run.target} ${run.id}`.includes(search.trim()))
  useFollowed(all)
  const more = useCallback(() => {
    if (runs.hasNextPage && !runs.isFetchingNextPage) void runs.fetchNextPage()
  }, [runs])
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
        <Field label={t.runs.search}>
          <input className={FIELD} value={search} onChange={(event) => setSearch(event.target.value)} />
        </Field>
      </div>
      {runs.isPending && <Loading />}
      {runs.isError && <Fault error={runs.error} retry={() => void runs.refetch()} />}
      {runs.isSuccess && shown.length === 0 && <Empty>{all.length === 0 && status === undefined ? t.runs.none : t.runs.noneSuch}</Empty>}
      {shown.length > 0 && (
        <Rows rows={shown} height={52} keyOf={(run) => run.id} label={t.runs.title} onEnd={more} className="max-h-[70vh] rounded-lg border border-line bg-sheet">
          {(run) => (
            <Link
              to="/runs/$id"
              params={{ id: run.id }}
              className="grid h-full grid-cols-[7rem_minmax(0,1fr)_auto] items-center gap-3 border-b border-line px-3 no-underline hover:bg-raised sm:grid-cols-[7rem_minmax(0,1fr)_14rem_5rem]"
            >
              <State status={run.status} />
              <span className="min-w-0 truncate">
                {run.target} <span className="font-mono text-xs text-soft">{run.id.slice(0, 12)}</span>
                {run.error !== null && <span className="block truncate text-xs text-danger">{run.error.message}</span>}
              </span>
              <time className="text-soft max-sm:hidden">{moment(run.created_at)}</time>
              <span className="text-right text-soft">{took(run.started_at, run.finished_at)}</span>
            </Link>
          )}
        </Rows>
      )}
    </Page>
  )
}

function took(from: string | null, to: string | null): string {
  const seconds = between(from, to)
  return seconds === null ? '' : duration(seconds)
}
