// The models that this account may use.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useDeferredValue, useState } from 'react'
import { type Model, models, tail } from '../../api/models'
import { usePages } from '../../api/pages'
import { useSession } from '../../api/session'
import { t } from '../../texts/models'
import { bytes, number } from '../../ui/format'
import { More } from '../../ui/More'
import { buttonClass, Empty, Fault, FIELD, Loading, Page } from '../../ui/parts'
import { resident } from '../operate/api'
import { Parts } from '../trainings/Parts'
import { State } from './State'

export function Models() {
  const [typed, setTyped] = useState('')
  const query = useDeferredValue(typed.trim())
  const { session } = useSession()
  const { found, all } = usePages(['models', query], (after) => models(query, after), {
    keep: true,
    every: (known) => (known.some((one) => one.state === 'verifying') ? 2000 : false),
  })
  const loaded = useQuery({ queryKey: ['resident'], queryFn: resident, refetchInterval: 10_000, retry: false })
  const held = new Map((loaded.data?.models ?? []).map((one) => [one.model, one.bytes]))
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        session?.scopes.includes('models:write') && (
          <Link to="/models/new" className={buttonClass('first')}>
            {t.add}
          </Link>
        )
      }
    >
      <Parts />
      <input type="search" aria-label={t.search} placeholder={t.search} value={typed} onChange={(event) => setTyped(event.target.value)} className={`${FIELD} sm:max-w-80`} />
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && <Empty>{query === '' ? t.none : t.noneSuch}</Empty>}
      <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {all.map((one) => (
          <li key={one.id}>
            <ModelCard model={one} held={held.get(one.id)} />
          </li>
        ))}
      </ul>
      <More found={found} />
    </Page>
  )
}

function ModelCard({ model, held }: { model: Model; held: number | undefined }) {
  const score = model.scores[0]
  const facts: [string, string][] = [
    [t.licence, model.licence.spdx || t.unsaid],
    ...(model.geometry === null ? [] : [[t.scale, t.times(model.geometry.scale)] as [string, string]]),
    ...(model.bytes === null ? [] : [[t.bytes, bytes(model.bytes)] as [string, string]]),
    ...(model.cost?.seconds_per_megapixel == null ? [] : [[t.speed, t.perMegapixel(number(model.cost.seconds_per_megapixel))] as [string, string]]),
    ...(score === undefined ? [] : [[`${score.metric.toUpperCase()}, ${score.set}`, `${number(score.value)} ${score.unit}`] as [string, string]]),
  ]
  return (
    <Link
      to="/models/$owner/$name"
      params={{ owner: model.owner, name: tail(model.id) }}
      className="grid h-full content-start gap-3 rounded-lg border border-line bg-sheet p-4 no-underline hover:border-edge min-w-0"
    >
      <div className="grid gap-1">
        <span className="font-semibold">{model.title || model.name}</span>
        <span className="text-soft text-xs break-all">
          {model.id}
          {model.mine && `, ${t.mine}`}
        </span>
      </div>
      <div className="flex flex-wrap gap-x-4">
        <State state={model.state} />
        <span className="text-soft">{t.tasks[model.task]}</span>
        {held !== undefined && <span className="text-soft">{t.loaded(bytes(held))}</span>}
      </div>
      <dl className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 gap-y-1">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="truncate text-soft" title={name}>
              {name}
            </dt>
            <dd className="max-w-40 truncate text-right" title={value}>
              {value}
            </dd>
          </div>
        ))}
      </dl>
    </Link>
  )
}
