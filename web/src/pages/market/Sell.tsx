// What this account offers, and a new listing.
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { begin, type Example, type Kind, ownListings } from '../../api/market'
import { usePages } from '../../api/pages'
import { upload } from '../../api/upload'
import { t as common } from '../../texts/en'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { More } from '../../ui/More'
import { Button, Card, Empty, Fault, FIELD, Field, Loading, Select } from '../../ui/parts'
import { Frame } from './Frame'
import { pricesOf } from './told'

export function Sell() {
  const { found, all } = usePages(['listings', 'own'], ownListings)
  const [adding, setAdding] = useState(false)
  return (
    <Frame>
      {adding ? (
        <New onCancel={() => setAdding(false)} />
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

function New({ onCancel }: { onCancel: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name) ?? '').trim()
    const tags = text('tags').split(',').map((tag) => tag.trim()).filter((tag) => tag !== '')
    void run(async () => {
      const examples = await sent(form.get('before') as File, form.get('after') as File)
      const made = await begin(text('kind') as Kind, text('name'), { title: text('title'), text: text('text'), tags, examples })
      await client.invalidateQueries({ queryKey: ['listings'] })
      await navigate({ to: '/market/$id', params: { id: made.id } })
    })
  }
  return (
    <Card title={t.sell.begin}>
      <p className="text-soft">{t.sell.lead}</p>
      <form onSubmit={submit} className="grid max-w-3xl items-start gap-3 sm:grid-cols-2">
        <Field label={t.kind}>
          <Select name="kind">
            {(['pipeline', 'model'] as const).map((one) => (
              <option key={one} value={one}>
                {t.kinds[one]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t.sell.name}>
          <input name="name" required maxLength={80} autoComplete="off" className={FIELD} />
        </Field>
        <Field label={t.sell.title}>
          <input name="title" required maxLength={120} className={FIELD} />
        </Field>
        <Field label={t.sell.tags}>
          <input name="tags" maxLength={400} className={FIELD} />
        </Field>
        <Field label={t.sell.before}>
          <input name="before" type="file" accept="image/*" className={`${FIELD} py-1.5`} />
        </Field>
        <Field label={t.sell.after}>
          <input name="after" type="file" accept="image/*" className={`${FIELD} py-1.5`} />
        </Field>
        <div className="sm:col-span-2">
          <Field label={t.sell.text}>
            <textarea name="text" rows={5} maxLength={20_000} className={`${FIELD} py-1`} />
          </Field>
        </div>
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

/** One pair of pictures as files of the account; none unless both were chosen. */
async function sent(before: File, after: File): Promise<Example[]> {
  if (before.size === 0 || after.size === 0) return []
  const signal = new AbortController().signal
  const [input, output] = await Promise.all([before, after].map((file) => upload(file, file.name, () => undefined, signal)))
  return [{ title: '', input: input?.id ?? '', output: output?.id ?? '' }]
}
