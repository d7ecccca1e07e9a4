// A form made from inputs, and the run that it asks for; what has a price says so first.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { type Asked, begun, priced, tried } from '../../api/asking'
import { api, data } from '../../api/client'
import { cancel, isOver, remember, useEvents, useProgress } from '../../api/runs'
import { t } from '../../texts/en'
import { useDoing } from '../../ui/doing'
import { Bar, Button, Card, Fault, Loading } from '../../ui/parts'
import { Price } from '../../ui/Price'
import { Input } from './Input'
import type { Port } from './ports'
import { Results } from './Results'
import { sentValues } from './values'

export type Given = Record<string, unknown>

interface Props {
  target: string
  inputs: Record<string, Port>
  given: Given
  onGiven: (given: Given) => void
  /** Whether it may cost something. */
  charged: boolean
  /** A listing, and how many free runs of it are left. */
  tries?: { listing: string; left: number } | null
  /** Told the id of the run that began. */
  onRun: (id: string) => void
}

const FREE = 'free'

export function RunForm({ target, inputs, given, onGiven, charged, tries = null, onRun }: Props) {
  const client = useQueryClient()
  /** Waits for somebody to agree to what it costs. */
  const [asked, setAsked] = useState<Asked | null>(null)
  const doing = useDoing()
  const free = tries !== null && tries.left > 0
  const begin = async (wanted: Asked) => {
    const run = await begun(wanted)
    setAsked(null)
    remember(client, run)
    onRun(run.id)
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const button = (event.nativeEvent as SubmitEvent).submitter as HTMLButtonElement | null
    const listing = free && button?.value === FREE ? tries.listing : null
    void doing.run(async () => {
      const values = await sentValues(inputs, given)
      const wanted = listing === null ? await priced(target, values, charged) : tried(target, listing, values)
      if (wanted.credits > 0) setAsked(wanted)
      else await begin(wanted)
    })
  }
  const change = (name: string, value: unknown) => {
    setAsked(null)
    onGiven({ ...given, [name]: value })
  }
  return (
    <>
      <form onSubmit={submit} className="grid gap-4">
        {Object.entries(inputs).map(([name, port]) => (
          <Input key={name} name={name} port={port} value={given[name]} onChange={(value) => change(name, value)} />
        ))}
        {asked === null && (
          <div className="flex flex-wrap gap-2">
            {free && (
              <Button kind="first" type="submit" value={FREE} disabled={doing.busy}>
                {t.pipelines.free(tries.left)}
              </Button>
            )}
            <Button kind={free ? 'plain' : 'first'} type="submit" disabled={doing.busy}>
              {doing.busy ? t.pipelines.running : t.pipelines.run}
            </Button>
          </div>
        )}
      </form>
      {asked !== null && <Price credits={asked.credits} busy={doing.busy} onRun={() => void doing.run(() => begin(asked))} onCancel={() => setAsked(null)} />}
      {doing.fault !== null && <Fault error={doing.fault} />}
    </>
  )
}

export function Outcome({ id }: { id: string }) {
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
