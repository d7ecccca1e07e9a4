// What was sold of a listing, and giving it back.
import { type FormEvent, useRef, useState } from 'react'
import { giveBack, type Sale, sales } from '../../api/market'
import { usePages } from '../../api/pages'
import { unique } from '../../api/unique'
import { t as common } from '../../texts/en'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { moment, number } from '../../ui/format'
import { More } from '../../ui/More'
import { Button, Card, Fault, FIELD, Field } from '../../ui/parts'
import { Sheet } from '../../ui/Sheet'
import { useFresh } from './fresh'

export function Sales({ id }: { id: string }) {
  const { found, all } = usePages(['sales', id], (after) => sales(id, after))
  const [chosen, setChosen] = useState<Sale | null>(null)
  return (
    <Card title={t.sell.sales}>
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && <p className="text-soft">{t.sell.noSales}</p>}
      <ul className="grid gap-2">
        {all.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center justify-between gap-x-3 border-t border-line pt-2">
            <span>
              {t.sell.kinds[one.kind] ?? one.kind}
              <span className="block text-soft text-xs">{moment(one.at)}</span>
            </span>
            <span className="text-right">
              {one.credits === 0 ? t.prices.none : number(one.credits)}
              {one.refunded > 0 && <span className="block text-warn text-xs">{t.sell.refunded(number(one.refunded))}</span>}
            </span>
            {one.credits > one.refunded && <Button onClick={() => setChosen(one)}>{t.sell.giveBack}</Button>}
          </li>
        ))}
      </ul>
      <More found={found} />
      {chosen !== null && <GiveBack key={chosen.id} sale={chosen} listing={id} onClose={() => setChosen(null)} />}
    </Card>
  )
}

/** One sheet gives back once, however often its button is pressed: its key is that of the sheet. */
function GiveBack({ sale, listing, onClose }: { sale: Sale; listing: string; onClose: () => void }) {
  const key = useRef(unique())
  const fresh = useFresh(listing)
  const { busy, fault, run } = useDoing()
  const left = sale.credits - sale.refunded
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const credits = Number(new FormData(event.currentTarget).get('credits'))
    void run(async () => {
      await giveBack(sale, credits, key.current)
      await fresh()
      onClose()
    })
  }
  return (
    <Sheet label={t.sell.giveBack} onClose={onClose}>
      <h2>{t.sell.giveBack}</h2>
      <p className="max-w-prose text-soft">{sale.kind === 'run' ? t.sell.backRun : t.sell.backOrder}</p>
      <form onSubmit={submit} className="grid gap-3">
        <Field label={t.sell.backCredits} hint={t.sell.backMost(number(left))}>
          <input name="credits" type="number" min={1} max={left} step={1} required defaultValue={left} className={FIELD} />
        </Field>
        {fault !== null && <Fault error={fault} />}
        <div className="flex gap-2">
          <Button kind="first" type="submit" disabled={busy}>
            {t.sell.giveBack}
          </Button>
          <Button onClick={onClose}>{common.cancel}</Button>
        </div>
      </form>
    </Sheet>
  )
}
