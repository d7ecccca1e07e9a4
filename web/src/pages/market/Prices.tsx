// On which terms a listing is offered from now on.
import { useQuery } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { type Listing, price, type Terms } from '../../api/market'
import { versions as modelVersions } from '../../api/models'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { Button, Card, Fault, FIELD, Field, Select } from '../../ui/parts'
import { versions as pipelineVersions } from '../editor/api'
import { useFresh } from './fresh'

type Amount = 'run' | 'megapixel' | 'month' | 'quota' | 'download'

export function Prices({ known }: { known: Listing }) {
  const fresh = useFresh(known.id)
  const { busy, fault, run } = useDoing()
  const now = known.offer?.price ?? {}
  const model = known.kind === 'model'
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const terms = termsOf(new FormData(event.currentTarget))
    void run(() => price(known.id, terms).then(fresh))
  }
  const field = (name: Amount, step: string, hint?: string) => (
    <Field label={t.sell[name]} hint={hint}>
      <input name={name} type="number" min={0} step={step} defaultValue={now[name] ?? ''} className={FIELD} />
    </Field>
  )
  return (
    <Card title={t.sell.prices}>
      <form onSubmit={submit} className="grid gap-3">
        {field('run', '1')}
        {field('megapixel', '0.001')}
        {field('month', '1', t.sell.unsold)}
        {field('quota', '1', t.sell.unlimited)}
        <Field label={t.sell.tries} hint={t.sell.triesHint}>
          <input name="tries" type="number" min={0} max={10} step={1} required defaultValue={known.offer?.tries ?? 3} className={FIELD} />
        </Field>
        {model && field('download', '1', t.sell.noCopies)}
        {model && (
          <Field label={t.sell.share} hint={t.sell.shareHint}>
            <input name="share" type="number" min={0} max={50} step="0.01" defaultValue={Math.round((known.offer?.share ?? 0) * 10_000) / 100} className={FIELD} />
          </Field>
        )}
        <Versions known={known} />
        <p className="text-soft text-xs">{t.sell.kept}</p>
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

/** The newest, whatever it is, or one that stays. */
function Versions({ known }: { known: Listing }) {
  const found = useQuery({ queryKey: ['numbers', known.kind, known.target], queryFn: () => numbersOf(known), retry: false })
  const chosen = known.offer?.version ?? null
  const numbers = [...new Set([...(found.data ?? []), ...(chosen === null ? [] : [chosen])])]
  return (
    <Field label={t.sell.version}>
      <Select key={numbers.length} name="version" defaultValue={chosen ?? ''}>
        <option value="">{t.sell.newest}</option>
        {numbers.map((one) => (
          <option key={one} value={one}>
            {t.sell.alone(one)}
          </option>
        ))}
      </Select>
    </Field>
  )
}

async function numbersOf({ kind, owner, name }: Listing): Promise<number[]> {
  if (kind === 'pipeline') return (await pipelineVersions(owner, name)).map((one) => one.version)
  return (await modelVersions(owner, name, undefined)).data.filter((one) => one.state === 'ready').map((one) => one.version)
}

/** What is left empty is not asked for; a price of nothing for a month or a copy is none. */
function termsOf(form: FormData): Terms {
  const typed = (name: string) => Number(form.get(name) ?? 0)
  return {
    price: { run: typed('run'), megapixel: typed('megapixel'), month: typed('month') || null, quota: typed('quota') || null, download: form.get('download') ? typed('download') : null },
    share: typed('share') / 100,
    tries: typed('tries'),
    version: typed('version') || null,
  }
}
