// Other words and pictures for a listing; its prices stay.
import { type FormEvent, useState } from 'react'
import { describe, type Listing } from '../../api/market'
import { t as common } from '../../texts/en'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { Button, Card, Fault } from '../../ui/parts'
import { CardFields, cardOf, usePairs } from './CardFields'
import { useFresh } from './fresh'

export function Edit({ known }: { known: Listing }) {
  const [editing, setEditing] = useState(false)
  if (!editing) {
    return (
      <div>
        <Button onClick={() => setEditing(true)}>{t.sell.edit}</Button>
      </div>
    )
  }
  return <Form known={known} onEnd={() => setEditing(false)} />
}

function Form({ known, onEnd }: { known: Listing; onEnd: () => void }) {
  const fresh = useFresh(known.id)
  const [pairs, setPairs] = usePairs(known)
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    void run(async () => {
      await describe(known.id, await cardOf(form, pairs))
      await fresh()
      onEnd()
    })
  }
  return (
    <Card title={t.sell.edit}>
      <form onSubmit={submit} className="grid items-start gap-3 sm:grid-cols-2">
        <CardFields known={known} pairs={pairs} onPairs={setPairs} />
        <div className="grid gap-3 sm:col-span-2">
          {fault !== null && <Fault error={fault} />}
          <div className="flex gap-2">
            <Button kind="first" type="submit" disabled={busy}>
              {t.sell.save}
            </Button>
            <Button onClick={onEnd}>{common.cancel}</Button>
          </div>
        </div>
      </form>
    </Card>
  )
}
