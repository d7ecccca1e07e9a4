// One pipeline: a form made from its schema, its result, a drawing, and code that does the same.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { type Asked, begun, priced } from '../../api/asking'
import { api, data, send } from '../../api/client'
import { base } from '../../api/connection'
import { cancel, isOver, remember, useEvents, useProgress } from '../../api/runs'
import { useSession } from '../../api/session'
import { t } from '../../texts/en'
import { useDoing } from '../../ui/doing'
import { Bar, Button, Card, Fault, Loading, Page } from '../../ui/parts'
import { Price } from '../../ui/Price'
import { Snippets } from '../../ui/Snippets'
import { isOthers, type Known, pathOf, pipeline, SHIPPED } from './api'
import { Input } from './Input'
import { Results } from './Results'
import { runSnippets } from './runSnippets'
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

/** To the editor, to the versions where there are some, and into the market. */
function Ways({ known }: { known: Known }) {
  const { session } = useSession()
  if (isOthers(known)) return null
  return (
    <>
      {known.owner !== SHIPPED && session?.scopes.includes('market:write') && (
        <Link to="/market/sell" search={{ kind: 'pipeline', name: known.name }} className="text-accent underline">
          {t.pipelines.offer}
        </Link>
      )}
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
  /** Waits for somebody to agree to what it costs. */
  const [asked, setAsked] = useState<Asked | null>(null)
  const doing = useDoing()
  const begin = async (wanted: Asked) => {
    const run = await begun(wanted)
    setAsked(null)
    remember(client, run)
    setId(run.id)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void doing.run(async () => {
      const wanted = await priced(known.id, await sentValues(known.inputs, given), !isOthers(known))
      if (wanted.credits > 0) setAsked(wanted)
      else await begin(wanted)
    })
  }
  const change = (name: string, value: unknown) => {
    setAsked(null)
    setGiven({ ...given, [name]: value })
  }
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title={t.pipelines.form}>
        <form onSubmit={submit} className="grid gap-4">
          {Object.entries(known.inputs).map(([name, port]) => (
            <Input key={name} name={name} port={port} value={given[name]} onChange={(value) => change(name, value)} />
          ))}
          {asked === null && (
            <div>
              <Button kind="first" type="submit" disabled={doing.busy}>
                {doing.busy ? t.pipelines.running : t.pipelines.run}
              </Button>
            </div>
          )}
        </form>
        {asked !== null && <Price credits={asked.credits} busy={doing.busy} onRun={() => void doing.run(() => begin(asked))} onCancel={() => setAsked(null)} />}
        {doing.fault !== null && <Fault error={doing.fault} />}
      </Card>
      <div className="grid content-start gap-4 min-w-0">
        {id !== null && <Outcome id={id} />}
        <Card title={t.pipelines.code}>
          <Snippets snippets={(isOthers(known) ? runSnippets : snippets)(known, given, session?.user != null)} />
        </Card>
        {!isOthers(known) && (
          <Card title={t.pipelines.drawing}>
            <Drawing name={known.id} />
          </Card>
        )}
      </div>
    </div>
  )
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
