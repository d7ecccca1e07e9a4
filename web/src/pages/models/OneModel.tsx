// One model: what it is, how good, what it does to a picture, how its examination went.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { base } from '../../api/connection'
import { alone, described, type Model, model, removed, tail, versions } from '../../api/models'
import { usePages } from '../../api/pages'
import { useSession } from '../../api/session'
import { t } from '../../texts/models'
import { Confirm } from '../../ui/Confirm'
import { useDoing } from '../../ui/doing'
import { bytes, number } from '../../ui/format'
import { More } from '../../ui/More'
import { Button, buttonClass, Card, Fault, FIELD, Field, Loading, Page } from '../../ui/parts'
import { Snippets } from '../../ui/Snippets'
import { sending } from '../enhance/sending'
import { Examination } from './Examination'
import { Memory, Scores } from './Plots'
import { State } from './State'
import { Charged, Trial } from './Trial'

export function OneModel() {
  const { owner, name } = useParams({ strict: false }) as { owner: string; name: string }
  const found = useQuery({
    queryKey: ['model', owner, name],
    queryFn: () => model(owner, name),
    refetchInterval: (query) => (query.state.data?.state === 'verifying' ? 1000 : false),
  })
  const known = found.data
  if (found.isPending) return <Loading />
  return (
    <Page
      title={known?.title || `${owner}/${name}`}
      actions={
        <Link to="/models" className="text-accent underline">
          {t.back}
        </Link>
      }
    >
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {known !== undefined && <Sheets known={known} />}
    </Page>
  )
}

function Sheets({ known }: { known: Model }) {
  const { session } = useSession()
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <State state={known.state} />
        <code className="text-xs break-all">{known.id}</code>
        <span className="text-soft">{known.mine ? t.mine : t.sources[known.source]}</span>
      </div>
      {known.description !== '' && <p className="max-w-prose whitespace-pre-wrap break-words">{known.description}</p>}
      {known.examination !== null && <Examination model={known} />}
      {known.state === 'ready' && (known.source === 'account' && !known.mine ? <Charged key={known.id} model={known} /> : <Trial key={known.id} model={known} />)}
      <div className="grid gap-4 lg:grid-cols-2">
        <div className="grid content-start gap-4 min-w-0">
          <Facts known={known} />
          {Object.keys(known.data).length > 0 && (
            <Card title={t.data}>
              <dl className="grid gap-1">
                {Object.entries(known.data).map(([set, licence]) => (
                  <div key={set} className="grid gap-x-3 sm:grid-cols-[12rem_1fr]">
                    <dt className="break-words">{set}</dt>
                    <dd className="text-soft break-words">{licence}</dd>
                  </div>
                ))}
              </dl>
            </Card>
          )}
        </div>
        <div className="grid content-start gap-4 min-w-0">
          <Card title={t.scores}>{known.scores.length === 0 ? <p className="text-soft">{t.noScores}</p> : <Scores scores={known.scores} />}</Card>
          {Object.keys(known.cost?.tile_bytes ?? {}).length > 0 && (
            <Card title={t.memory}>
              <Memory bytesOf={known.cost?.tile_bytes ?? {}} />
            </Card>
          )}
          <Versions known={known} />
          {known.state === 'ready' && tryable(known) && (
            <Card title={t.code}>
              <Snippets snippets={sending(`${base}v1/images/enhance?model=${known.id}`, 'result.jpg', session?.user != null)} />
            </Card>
          )}
        </div>
      </div>
      {known.mine && <Own key={known.id} known={known} />}
    </>
  )
}

/** Whether it makes a picture of a picture by itself. */
export const tryable = (known: Model): boolean => known.geometry !== null && known.geometry.fixed === null && !known.draws

function Facts({ known }: { known: Model }) {
  const { geometry, licence, cost } = known
  const facts: [string, React.ReactNode][] = [
    [
      t.licence,
      licence.url === null ? (
        licence.spdx || t.unsaid
      ) : (
        <a href={licence.url} rel="noreferrer" className="text-accent underline">
          {licence.spdx}
        </a>
      ),
    ],
    ...(geometry === null
      ? []
      : ([
          [t.scale, t.times(geometry.scale)],
          [t.halo, t.pixels(geometry.halo)],
          [t.tiles, geometry.exact ? t.exact : t.inexact(geometry.why)],
        ] as [string, string][])),
    [t.reading, known.read_as],
    [t.speed, cost?.seconds_per_megapixel == null ? t.unknown : t.perMegapixel(number(cost.seconds_per_megapixel))],
    [t.bytes, known.bytes === null ? t.unknown : bytes(known.bytes)],
    [t.parameters, known.parameters === null ? t.unknown : number(known.parameters)],
    [t.runtime, known.runtime],
  ]
  return (
    <Card title={t.facts}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ))}
      </dl>
      <details className="text-soft text-xs">
        <summary>{t.digest}</summary>
        <code className="break-all">{known.digest}</code>
      </details>
    </Card>
  )
}

function Versions({ known }: { known: Model }) {
  const bare = tail(known.name)
  const { found, all } = usePages(['versions', known.owner, bare], (after) => versions(known.owner, bare, after))
  return (
    <Card title={t.versions}>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length < 2 && <p className="text-soft">{t.only}</p>}
      {all.length > 1 && (
        <ul className="grid gap-1">
          {all.map((one) => (
            <li key={one.id} className="flex flex-wrap gap-x-4">
              {one.id === known.id ? (
                <span aria-current="true">{t.version(one.version)}</span>
              ) : (
                <Link to="/models/$owner/$name" params={{ owner: one.owner, name: tail(one.id) }} className="text-accent underline">
                  {t.version(one.version)}
                </Link>
              )}
              <State state={one.state} />
            </li>
          ))}
        </ul>
      )}
      <More found={found} />
    </Card>
  )
}

/** A form for who knows nothing of models: what it does, as a pipeline. */
function Alone({ known }: { known: Model }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { busy, fault, run } = useDoing()
  const make = async () => {
    const made = await alone(known)
    await client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('pipeline') })
    await navigate({ to: '/pipelines/$owner/$name', params: { owner: made.owner, name: made.name } })
  }
  return (
    <>
      <Button disabled={busy} onClick={() => void run(make)}>
        {t.alone}
      </Button>
      {fault !== null && <Fault error={fault} />}
    </>
  )
}

/** What its account may do: say something else of it, and delete it. */
function Own({ known }: { known: Model }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { session } = useSession()
  const { busy, fault, run } = useDoing()
  const [asking, setAsking] = useState(false)
  if (!session?.scopes.includes('models:write')) return null
  const name = tail(known.id)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    void run(async () => {
      await described(known.owner, name, String(form.get('title')), String(form.get('description')))
      await client.invalidateQueries({ queryKey: ['model', known.owner] })
    })
  }
  const gone = async () => {
    await removed(known.owner, name)
    client.removeQueries({ queryKey: ['model', known.owner] })
    await client.invalidateQueries({ queryKey: ['models'] })
    await navigate({ to: '/models' })
  }
  return (
    <Card title={t.change}>
      {known.state === 'ready' && (
        <div className="flex flex-wrap gap-2">
          {session.scopes.includes('pipelines:write') && <Alone known={known} />}
          {session.scopes.includes('market:write') && (
            <Link to="/market/sell" search={{ kind: 'model', name: known.name.replace(/^.*\//, '') }} className={buttonClass()}>
              {t.offer}
            </Link>
          )}
        </div>
      )}
      <form onSubmit={submit} className="grid gap-3">
        <Field label={t.form.title}>
          <input name="title" maxLength={200} defaultValue={known.title} className={FIELD} />
        </Field>
        <Field label={t.form.description}>
          <textarea name="description" rows={4} maxLength={10_000} defaultValue={known.description} className={`${FIELD} py-1`} />
        </Field>
        {fault !== null && <Fault error={fault} />}
        <div className="flex gap-2">
          <Button type="submit" disabled={busy}>
            {t.save}
          </Button>
          <Button kind="danger" onClick={() => setAsking(true)}>
            {t.remove}
          </Button>
        </div>
      </form>
      {asking && (
        <Confirm title={t.removing(known.id)} go={t.remove} work={gone} onClose={() => setAsking(false)}>
          {t.gone}
        </Confirm>
      )}
    </Card>
  )
}
