// One pipeline: a form made from its schema, its result, a drawing, and code that does the same.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { api, data, type Run, send } from '../../api/client'
import { base, persist } from '../../api/connection'
import { cancel, isOver, remember, useFollowed, useProgress } from '../../api/runs'
import { useSession } from '../../api/session'
import { upload } from '../../api/upload'
import { t } from '../../texts/en'
import { Bar, Button, Card, Fault, Loading, Page } from '../../ui/parts'
import { Snippets } from '../../ui/Snippets'
import { Values } from '../runs/OneRun'
import { isPicture, isPictures, type Known, pipeline } from './api'
import { Input } from './Input'
import { snippets } from './snippets'

export function Pipeline() {
  const { name } = useParams({ strict: false }) as { name: string }
  const found = useQuery({ queryKey: ['pipeline', name], queryFn: () => pipeline(name), staleTime: 60_000 })
  if (found.isPending) return <Loading />
  return (
    <Page
      title={found.data?.title || name}
      actions={
        <Link to="/pipelines" className="text-accent underline">
          {t.pipelines.back}
        </Link>
      }
    >
      {found.isError ? <Fault error={found.error} retry={() => void found.refetch()} /> : <Form key={name} known={found.data} />}
    </Page>
  )
}

type Given = Record<string, unknown>

function Form({ known }: { known: Known }) {
  const client = useQueryClient()
  const { session } = useSession()
  const [given, setGiven] = useState<Given>({})
  const [fault, setFault] = useState<unknown>(null)
  const [id, setId] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const { properties, required } = known.schema.input
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setFault(null)
    setBusy(true)
    try {
      const run = await asked(known, given)
      remember(client, run)
      setId(run.id)
    } catch (error) {
      setFault(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title={t.pipelines.form}>
        <form onSubmit={(event) => void submit(event)} className="grid gap-4">
          {Object.entries(properties).map(([name, schema]) => (
            <Input
              key={name}
              name={name}
              schema={schema}
              required={required.includes(name)}
              value={given[name]}
              onChange={(value) => setGiven({ ...given, [name]: value })}
            />
          ))}
          <div>
            <Button kind="first" type="submit" disabled={busy}>
              {busy ? t.pipelines.running : t.pipelines.run}
            </Button>
          </div>
        </form>
        {fault !== null && <Fault error={fault} />}
      </Card>
      <div className="grid content-start gap-4 min-w-0">
        {id !== null && <Outcome id={id} />}
        <Card title={t.pipelines.code}>
          <Snippets snippets={snippets(known, given, session?.user != null)} />
        </Card>
        <Card title={t.pipelines.drawing}>
          <Drawing name={known.id} />
        </Card>
      </div>
    </div>
  )
}

/** Uploads the pictures, then asks for the run, once. Raises Problem. */
async function asked(known: Known, given: Given): Promise<Run> {
  const input: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(known.schema.input.properties)) {
    const value = given[name]
    if (value === undefined || value === '') {
      if (known.schema.input.required.includes(name)) throw new Error(t.pipelines.missing(name))
    } else if (isPicture(schema) || isPictures(schema)) {
      const files = await Promise.all((value as File[]).map(sent))
      input[name] = isPictures(schema) ? files : files[0]
    } else input[name] = value
  }
  const key = crypto.randomUUID()
  return persist(() =>
    data(
      api.POST('/v1/runs', {
        params: { header: { 'Idempotency-Key': key } },
        body: { target: known.id, input: input as Run['input'], output: { format: null } },
      }),
    ),
  )
}

async function sent(file: File): Promise<string> {
  return (await persist(() => upload(file, file.name, () => undefined, new AbortController().signal))).id
}

function Outcome({ id }: { id: string }) {
  const client = useQueryClient()
  const found = useQuery({
    queryKey: ['run', id],
    queryFn: () => data(api.GET('/v1/runs/{id}', { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data !== undefined && !isOver(query.state.data) ? 2000 : false),
  })
  const run = found.data
  const event = useProgress(id)
  useFollowed(run === undefined ? [] : [run])
  if (run === undefined) return <Loading />
  const { done, tiles } = event?.data ?? {}
  return (
    <Card title={t.pipelines.result}>
      <p role="status" className={run.status === 'failed' ? 'text-danger' : 'text-soft'}>
        {run.status === 'failed' ? run.error?.message : t.runs.states[run.status]}
      </p>
      {!isOver(run) && (
        <>
          <Bar part={tiles === undefined ? null : (done ?? 0) / Math.max(1, tiles)} label={t.pipelines.result} />
          <div>
            <Button onClick={() => void cancel(client, id)}>{t.cancel}</Button>
          </div>
        </>
      )}
      {run.output !== null && <Values values={run.output} />}
      <Link to="/runs/$id" params={{ id }} className="text-accent underline">
        {t.runs.timeline}
      </Link>
    </Card>
  )
}

/** As the server draws it: an image, so that nothing in it can run. */
function Drawing({ name }: { name: string }) {
  const found = useQuery({
    queryKey: ['drawing', name],
    queryFn: async () => {
      const address = `${base}v1/pipelines/${encodeURIComponent(name)}`
      const answer = await send(new Request(address, { headers: { accept: 'image/svg+xml' } }))
      return URL.createObjectURL(await answer.blob())
    },
    staleTime: Infinity,
  })
  return found.data === undefined ? null : (
    <div tabIndex={0} role="group" aria-label={t.pipelines.drawing} className="overflow-auto rounded bg-[#fff] p-2">
      <img src={found.data} alt={t.pipelines.drawing} className="max-w-none" />
    </div>
  )
}
