// One run: what was asked, what happened when, what came of it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api, contentOf, copyOf, data, type Result, type Run } from '../../api/client'
import { cancel, isOver, listen, remember, retry, type RunEvent } from '../../api/runs'
import { t } from '../../texts/en'
import { useDoing } from '../../ui/doing'
import { bytes } from '../../ui/format'
import { Button, Card, Fault, Loading, Notice, Page } from '../../ui/parts'
import { State } from './State'
import { Timeline } from './Timeline'

export function OneRun() {
  const { id } = useParams({ strict: false }) as { id: string }
  const client = useQueryClient()
  const found = useQuery({
    queryKey: ['run', id],
    queryFn: () => data(api.GET('/v1/runs/{id}', { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data !== undefined && !isOver(query.state.data) ? 2000 : false),
  })
  const [events, setEvents] = useState<RunEvent[]>([])
  const doing = useDoing()
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
            {!isOver(run) && (
              <Button disabled={doing.busy} onClick={() => void doing.run(() => cancel(client, run.id))}>
                {t.cancel}
              </Button>
            )}
            {run.status === 'failed' && (
              <Button kind="first" disabled={doing.busy} onClick={() => void doing.run(() => retry(client, run.id))}>
                {t.runs.retry}
              </Button>
            )}
          </div>
          {doing.fault !== null && <Fault error={doing.fault} />}
          {run.error !== null && (
            <Notice kind="danger">
              {run.error.message} <code className="text-xs text-soft">{run.error.code}</code>
            </Notice>
          )}
          <div className="grid gap-4 lg:grid-cols-2">
            <Card title={t.runs.timeline}>
              <Timeline run={run} events={events} />
            </Card>
            <div className="grid content-start gap-4">
              <Card title={t.runs.inputs}>
                <Values values={run.input} files={run.files} />
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

export function Values({ values, files = {} }: { values: Record<string, unknown>; files?: Run['files'] }) {
  return (
    <dl className="grid gap-3">
      {Object.entries(values).map(([name, value]) => (
        <div key={name} className="grid gap-1 min-w-0">
          <dt className="text-soft">{name}</dt>
          <dd className="min-w-0 break-words">
            <Value value={value} files={files} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Value({ value, files }: { value: unknown; files: Run['files'] }) {
  if (Array.isArray(value)) return value.map((one, at) => <Value key={at} value={one} files={files} />)
  if (typeof value === 'object' && value !== null && 'digest' in value) return <Picture picture={value as Result} />
  if (typeof value === 'string' && value.startsWith('file_')) {
    return (
      <a className="text-accent underline break-all" href={contentOf(value)}>
        {files[value]?.name || value}
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

function Picture({ picture }: { picture: Result }) {
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
