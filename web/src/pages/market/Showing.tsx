// Whether a listing is shown, and to whom.
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { type Listing, publish, remove, type Visibility, withdraw } from '../../api/market'
import { t } from '../../texts/market'
import { Confirm } from '../../ui/Confirm'
import { useDoing } from '../../ui/doing'
import { Button, Card, Fault, FIELD, Field, Select } from '../../ui/parts'
import { useFresh } from './fresh'

const SEEN: Visibility[] = ['public', 'unlisted', 'shared', 'private']

export function Showing({ known }: { known: Listing }) {
  const fresh = useFresh(known.id)
  const navigate = useNavigate()
  const { busy, fault, run } = useDoing()
  const shown = known.state === 'listed'
  const [seen, setSeen] = useState<Visibility>(shown || known.visibility !== 'private' ? known.visibility : 'public')
  const [asking, setAsking] = useState(false)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const names = String(new FormData(event.currentTarget).get('guests') ?? '')
    const guests = names.split(/[\s,]+/).filter((one) => one !== '')
    void run(() => publish(known.id, seen, guests).then(fresh))
  }
  return (
    <Card title={t.sell.showing}>
      <p className={known.state === 'suspended' ? 'text-danger' : 'text-soft'}>
        {shown ? `${t.states.listed}: ${t.visibilities[known.visibility]}` : t.states[known.state]}
      </p>
      {known.state !== 'suspended' && (
        <form onSubmit={submit} className="grid gap-3">
          <Field label={t.sell.who}>
            <Select value={seen} onChange={(event) => setSeen(event.target.value as Visibility)}>
              {SEEN.map((one) => (
                <option key={one} value={one}>
                  {t.visibilities[one]}
                </option>
              ))}
            </Select>
          </Field>
          {seen === 'shared' && (
            <Field label={t.sell.guests} hint={t.sell.guestsHint}>
              <input name="guests" required autoComplete="off" defaultValue={known.shared_with?.join(', ')} className={FIELD} />
            </Field>
          )}
          {fault !== null && <Fault error={fault} />}
          <div className="flex flex-wrap gap-2">
            <Button kind={shown ? 'plain' : 'first'} type="submit" disabled={busy}>
              {shown ? t.sell.save : t.sell.publish}
            </Button>
            {shown && (
              <Button disabled={busy} onClick={() => void run(() => withdraw(known.id).then(fresh))}>
                {t.sell.withdraw}
              </Button>
            )}
            <Button kind="danger" onClick={() => setAsking(true)}>
              {t.sell.remove}
            </Button>
          </div>
        </form>
      )}
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
