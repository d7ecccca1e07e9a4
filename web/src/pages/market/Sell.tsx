// What this account offers, and a new listing.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { begin, type Kind, ownListings } from '../../api/market'
import { models } from '../../api/models'
import { usePages } from '../../api/pages'
import { t as common } from '../../texts/en'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { More } from '../../ui/More'
import { Button, Card, Empty, Fault, FIELD, Field, Loading, Select } from '../../ui/parts'
import { pipelines, SHIPPED } from '../pipelines/api'
import { CardFields, cardOf, usePairs } from './CardFields'
import { Frame } from './Frame'
import { pricesOf } from './told'

export function Sell() {
  const { found, all } = usePages(['listings', 'own'], ownListings)
  const { kind, name } = useSearch({ strict: false }) as { kind?: Kind; name?: string }
  const [adding, setAdding] = useState(name !== undefined)
  return (
    <Frame>
      {adding ? (
        <New kind={kind ?? 'pipeline'} name={name ?? ''} onCancel={() => setAdding(false)} />
      ) : (
        <div>
          <Button kind="first" onClick={() => setAdding(true)}>
            {t.sell.begin}
          </Button>
        </div>
      )}
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && !adding && <Empty>{t.sell.none}</Empty>}
      <ul className="grid gap-2">
        {all.map((one) => (
          <li key={one.id}>
            <Link
              to="/market/$id"
              params={{ id: one.id }}
              className="grid gap-x-4 rounded-lg border border-line bg-sheet p-3 no-underline hover:border-edge sm:grid-cols-[minmax(0,1fr)_12rem_14rem]"
            >
              <span className="min-w-0 truncate">
                {one.title} <span className="text-soft text-xs">{one.target}</span>
              </span>
              <span className={one.state === 'suspended' ? 'text-danger' : 'text-soft'}>{t.states[one.state]}</span>
              <span className="text-soft">{pricesOf(one.offer)[0]}</span>
            </Link>
          </li>
        ))}
      </ul>
      <More found={found} />
    </Frame>
  )
}

/** What may be offered: names of the account's own. */
async function goods(kind: Kind): Promise<string[]> {
  if (kind === 'pipeline') return (await pipelines()).filter((one) => one.owner !== SHIPPED).map((one) => one.name)
  const found = await models('', undefined)
  return found.data.filter((one) => one.mine && one.state === 'ready').map((one) => one.name.replace(/^.*\//, ''))
}

function New({ kind: first, name, onCancel }: { kind: Kind; name: string; onCancel: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { busy, fault, run } = useDoing()
  const [kind, setKind] = useState<Kind>(first)
  const [pairs, setPairs] = usePairs()
  const mine = useQuery({ queryKey: ['goods', kind], queryFn: () => goods(kind), retry: false })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    void run(async () => {
      const made = await begin(kind, String(form.get('name')).trim(), await cardOf(form, pairs))
      await client.invalidateQueries({ queryKey: ['listings'] })
      await navigate({ to: '/market/$id', params: { id: made.id } })
    })
  }
  return (
    <Card title={t.sell.begin}>
      <p className="text-soft">{t.sell.lead}</p>
      <form onSubmit={submit} className="grid max-w-3xl items-start gap-3 sm:grid-cols-2">
        <Field label={t.kind}>
          <Select value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
            {(['pipeline', 'model'] as const).map((one) => (
              <option key={one} value={one}>
                {t.kinds[one]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t.sell.name}>
          <input name="name" required maxLength={80} autoComplete="off" list="goods" defaultValue={name} className={FIELD} />
        </Field>
        <datalist id="goods">
          {mine.data?.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <CardFields pairs={pairs} onPairs={setPairs} />
        <div className="grid gap-3 sm:col-span-2">
          {fault !== null && <Fault error={fault} />}
          <div className="flex gap-2">
            <Button kind="first" type="submit" disabled={busy}>
              {t.sell.begin}
            </Button>
            <Button onClick={onCancel}>{common.cancel}</Button>
          </div>
        </div>
      </form>
    </Card>
  )
}
