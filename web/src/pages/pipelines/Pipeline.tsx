// One pipeline: a form made from its schema, its result, a drawing, and code that does the same.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { api, data, once, type Run, send } from '../../api/client'
import { base } from '../../api/connection'
import { cancel, isOver, remember, useEvents, useProgress } from '../../api/runs'
import { useSession } from '../../api/session'
import { t } from '../../texts/en'
import { useDoing } from '../../ui/doing'
import { Bar, Button, Card, Fault, Loading, Page } from '../../ui/parts'
import { Snippets } from '../../ui/Snippets'
import { type Known, pathOf, pipeline, SHIPPED } from './api'
import { Input } from './Input'
import { Results } from './Results'
import { snippets } from './snippets'
import { sentValues } from './values'

export function Pipeline() {
  const { owner, name } = useParams({ strict: false }) as { owner?: string; name: string }
  const id = owner === undefined ? name : `${owner}/${name}`
  const found = useQuery({ queryKey: ['pipeline', id], queryFn: () => pipeline(id), staleTime: 60_000 })
  if (found.isPending) return <Loading />
  return (
    <Page
      title={found.data?.title || name}
      actions={
        <div className="flex flex-wrap gap-4">
          {found.data !== undefined && <Ways known={found.data} />}
          <Link to="/pipelines" className="text-accent underline">
            {t.pipelines.back}
          </Link>
        </div>
      }
    >
      {found.isError ? <Fault error={found.error} retry={() => void found.refetch()} /> : <Form key={found.data.id} known={found.data} />}
    </Page>
  )
}

/** To the editor, and to the versions where there are some. */
function Ways({ known }: { known: Known }) {
  return (
    <>
      <Link to="/pipelines/$owner/$name/edit" params={pathOf(known)} className="text-accent underline">
        {known.owner === SHIPPED ? t.pipelines.editCopy : t.pipelines.edit}
      </Link>
      {known.owner !== SHIPPED && (
        <Link to="/pipelines/$owner/$name/compare" params={pathOf(known)} className="text-accent underline">
          {t.pipelines.versions}
        </Link>
      )}
    </>
  )
}

type Given = Record<string, unknown>

function Form({ known }: { known: Known }) {
  const client = useQueryClient()
  const { session } = useSession()
  const [given, setGiven] = useState<Given>({})
  const [id, setId] = useState<string | null>(null)
  const doing = useDoing()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void doing.run(async () => {
      const run = await asked(known, given)
      remember(client, run)
      setId(run.id)
    })
  }
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title={t.pipelines.form}>
        <form onSubmit={submit} className="grid gap-4">
          {Object.entries(known.inputs).map(([name, port]) => (
            <Input key={name} name={name} port={port} value={given[name]} onChange={(value) => setGiven({ ...given, [name]: value })} />
          ))}
          <div>
            <Button kind="first" type="submit" disabled={doing.busy}>
              {doing.busy ? t.pipelines.running : t.pipelines.run}
            </Button>
          </div>
        </form>
        {doing.fault !== null && <Fault error={doing.fault} />}
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

/** Sends the pictures, then asks for the run, once. Raises Problem. */
async function asked(known: Known, given: Given): Promise<Run> {
  const input = await sentValues(known.inputs, given)
  const body = { target: known.id, input: input as Run['input'], output: { format: null } }
  return once((header) => data(api.POST('/v1/runs', { params: { header }, body })))
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
  const stop = useDoing()
  useEvents()
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
            <Button disabled={stop.busy} onClick={() => void stop.run(() => cancel(client, id))}>
              {t.cancel}
            </Button>
          </div>
        </>
      )}
      {stop.fault !== null && <Fault error={stop.fault} />}
      {run.output !== null && <Results run={run} />}
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
      const address = `${base}v1/pipelines/${name}`
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
