// One run: what was asked, what happened when, what came of it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api, contentOf, copyOf, data, type Result, type Run } from '../../api/client'
import { cancel, isOver, listen, remember, retry, type RunEvent } from '../../api/runs'
import { t } from '../../texts/en'
import { between, bytes, duration, moment } from '../../ui/format'
import { Button, Card, Fault, Loading, Notice, Page } from '../../ui/parts'
import { State } from './State'

export function OneRun() {
  const { id } = useParams({ strict: false }) as { id: string }
  const client = useQueryClient()
  const found = useQuery({
    queryKey: ['run', id],
    queryFn: () => data(api.GET('/v1/runs/{id}', { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data !== undefined && !isOver(query.state.data) ? 2000 : false),
  })
  const [events, setEvents] = useState<RunEvent[]>([])
  const attempt = found.data !== undefined && !isOver(found.data)
  useEffect(() => {
    setEvents([])
    return listen(id, (event) => {
      setEvents((old) => [...old, event])
      if (event.run !== undefined) remember(client, event.run)
    })
  }, [client, id, attempt])
  if (found.isPending) return <Loading />
  const run = found.data
  return (
    <Page
      title={run === undefined ? t.runs.run : `${t.runs.run}: ${run.target}`}
      actions={
        <Link to="/runs" className="text-accent underline">
          {t.runs.back}
        </Link>
      }
    >
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {run !== undefined && (
        <>
          <div className="flex flex-wrap items-center gap-4">
            <State status={run.status} />
            <code className="text-xs text-soft break-all">{run.id}</code>
            {run.position !== null && <span className="text-soft">{t.runs.position(run.position)}</span>}
            {!isOver(run) && <Button onClick={() => void cancel(client, run.id)}>{t.cancel}</Button>}
            {run.status === 'failed' && (
              <Button kind="first" onClick={() => void retry(client, run.id)}>
                {t.runs.retry}
              </Button>
            )}
          </div>
          {run.error !== null && <Notice kind="danger">{`${run.error.message} (${run.error.code})`}</Notice>}
          <div className="grid gap-4 lg:grid-cols-2">
            <Card title={t.runs.timeline}>
              <Times run={run} />
              <ol className="grid gap-1">
                {events.map((event) => (
                  <li key={event.number} className="grid grid-cols-[8rem_1fr] gap-3">
                    <time className="text-soft">{moment(event.at)}</time>
                    <span>{sentence(event)}</span>
                  </li>
                ))}
              </ol>
            </Card>
            <div className="grid content-start gap-4">
              <Card title={t.runs.inputs}>
                <Values values={run.input} />
              </Card>
              {run.output !== null && (
                <Card title={t.runs.outputs}>
                  <Values values={run.output} />
                </Card>
              )}
            </div>
          </div>
        </>
      )}
    </Page>
  )
}

/** Waiting and working as one bar. */
function Times({ run }: { run: Run }) {
  const waited = between(run.created_at, run.started_at)
  const worked = between(run.started_at, run.finished_at)
  if (waited === null || worked === null) return null
  const all = Math.max(0.001, waited + worked)
  return (
    <div className="grid gap-1">
      <div className="flex h-2 overflow-hidden rounded" aria-hidden>
        <div className="bg-edge" style={{ width: `${(100 * waited) / all}%` }} />
        <div className="flex-1 bg-accent" />
      </div>
      <p className="text-soft">{`${t.runs.waited} ${duration(waited)}, ${t.runs.worked.toLowerCase()} ${duration(worked)}`}</p>
    </div>
  )
}

function sentence(event: RunEvent): string {
  const name = t.runs.events[event.type] ?? event.type
  const { step, done, tiles, number, of, attempt } = event.data
  if (event.type === 'step') return `${name} ${number ?? ''}/${of ?? ''}: ${step ?? ''}`
  if (event.type === 'progress') return `${name}: ${done ?? 0}/${tiles ?? 0}`
  return typeof attempt === 'number' && attempt > 1 ? `${name} (${t.runs.attempt} ${attempt})` : name
}

export function Values({ values }: { values: Record<string, unknown> }) {
  return (
    <dl className="grid gap-3">
      {Object.entries(values).map(([name, value]) => (
        <div key={name} className="grid gap-1 min-w-0">
          <dt className="text-soft">{name}</dt>
          <dd className="min-w-0 break-words">
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Value({ value }: { value: unknown }) {
  if (Array.isArray(value)) return value.map((one, at) => <Value key={at} value={one} />)
  if (typeof value === 'object' && value !== null && 'digest' in value) return <Picture picture={value as Result} />
  if (typeof value === 'string' && value.startsWith('file_')) {
    return (
      <a className="font-mono text-xs text-accent underline" href={contentOf(value)}>
        {value}
      </a>
    )
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 200 ? (
    <details>
      <summary className="text-soft">{`${text.slice(0, 80)}…`}</summary>
      <pre className="overflow-auto whitespace-pre-wrap font-mono text-xs">{text}</pre>
    </details>
  ) : (
    <span>{text}</span>
  )
}

export function Picture({ picture }: { picture: Result }) {
  const copy = useQuery({
    queryKey: ['copy', picture.digest, 640],
    queryFn: () => copyOf(picture.digest, 640),
    staleTime: 3600_000,
    retry: false,
  })
  return (
    <a href={contentOf(picture.file)} className="grid justify-items-start gap-1 text-accent">
      {copy.data !== undefined && (
        <img src={copy.data} alt="" decoding="async" className="checkered max-h-80 max-w-full" style={{ aspectRatio: `${picture.width} / ${picture.height}` }} />
      )}
      <span className="underline">{`${picture.width} × ${picture.height}, ${bytes(picture.bytes)}, ${picture.media_type}`}</span>
    </a>
  )
}
