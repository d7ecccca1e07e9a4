// What a seller does with a listing: prices, who sees it, what was sold.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { type Listing, price, publish, remove, sales, type Visibility, withdraw } from '../../api/market'
import { usePages } from '../../api/pages'
import { t } from '../../texts/market'
import { Confirm } from '../../ui/Confirm'
import { useDoing } from '../../ui/doing'
import { moment, number } from '../../ui/format'
import { More } from '../../ui/More'
import { Button, Card, Fault, FIELD, Field, Select } from '../../ui/parts'

export function Own({ known }: { known: Listing }) {
  return (
    <>
      <Prices key={known.offer?.number ?? 0} known={known} />
      <Showing known={known} />
      <Sales id={known.id} />
    </>
  )
}

function useFresh(id: string): () => Promise<void> {
  const client = useQueryClient()
  return async () => {
    await client.invalidateQueries({ queryKey: ['listing', id] })
    await client.invalidateQueries({ queryKey: ['listings'] })
  }
}

function Prices({ known }: { known: Listing }) {
  const fresh = useFresh(known.id)
  const { busy, fault, run } = useDoing()
  const now = known.offer?.price ?? {}
  const pipeline = known.kind === 'pipeline'
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const typed = (name: string) => (form.get(name) ? Number(form.get(name)) : null)
    const prices = { run: typed('run') ?? 0, megapixel: typed('megapixel') ?? 0, month: typed('month'), quota: typed('quota') }
    void run(() => price(known.id, prices).then(fresh))
  }
  const field = (name: 'run' | 'megapixel' | 'month' | 'quota', step: string, hint?: string) => (
    <Field label={t.sell[name]} hint={hint}>
      <input name={name} type="number" min={0} step={step} defaultValue={now[name] || ''} className={FIELD} />
    </Field>
  )
  return (
    <Card title={t.sell.prices}>
      <form onSubmit={submit} className="grid gap-3">
        {pipeline && field('run', '1')}
        {pipeline && field('megapixel', '0.001')}
        {field('month', '1', t.sell.unsold)}
        {pipeline && field('quota', '1', t.sell.unlimited)}
        {fault !== null && <Fault error={fault} />}
        <div>
          <Button type="submit" disabled={busy}>
            {t.sell.set}
          </Button>
        </div>
      </form>
    </Card>
  )
}

const SEEN: Visibility[] = ['public', 'unlisted', 'private']

function Showing({ known }: { known: Listing }) {
  const fresh = useFresh(known.id)
  const navigate = useNavigate()
  const { busy, fault, run } = useDoing()
  const [seen, setSeen] = useState<Visibility>('public')
  const [asking, setAsking] = useState(false)
  return (
    <Card title={t.states[known.state]}>
      {known.state === 'listed' ? (
        <p className="text-soft">{t.visibilities[known.visibility]}</p>
      ) : (
        <Field label={t.sell.who}>
          <Select value={seen} onChange={(event) => setSeen(event.target.value as Visibility)}>
            {SEEN.map((one) => (
              <option key={one} value={one}>
                {t.visibilities[one]}
              </option>
            ))}
          </Select>
        </Field>
      )}
      {fault !== null && <Fault error={fault} />}
      <div className="flex flex-wrap gap-2">
        {known.state === 'listed' ? (
          <Button disabled={busy} onClick={() => void run(() => withdraw(known.id).then(fresh))}>
            {t.sell.withdraw}
          </Button>
        ) : (
          known.state === 'draft' && (
            <Button kind="first" disabled={busy} onClick={() => void run(() => publish(known.id, seen).then(fresh))}>
              {t.sell.publish}
            </Button>
          )
        )}
        <Button kind="danger" onClick={() => setAsking(true)}>
          {t.sell.remove}
        </Button>
      </div>
      {asking && (
        <Confirm
          title={t.sell.removing(known.title)}
          go={t.sell.remove}
          work={() => remove(known.id).then(() => navigate({ to: '/market/sell' })).then(fresh)}
          onClose={() => setAsking(false)}
        >
          {t.sell.gone}
        </Confirm>
      )}
    </Card>
  )
}

function Sales({ id }: { id: string }) {
  const { found, all } = usePages(['sales', id], (after) => sales(id, after))
  return (
    <Card title={t.sell.sales}>
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && <p className="text-soft">{t.sell.noSales}</p>}
      <ul className="grid gap-1">
        {all.map((one) => (
          <li key={one.id} className="flex flex-wrap justify-between gap-x-3">
            <span>{t.sell.kinds[one.kind] ?? one.kind}</span>
            <span className="text-soft">{moment(one.at)}</span>
            <span>
              {number(one.credits)}
              {one.refunded > 0 && <span className="text-warn">{` (${t.sell.refunded(number(one.refunded))})`}</span>}
            </span>
          </li>
        ))}
      </ul>
      <More found={found} />
    </Card>
  )
}
