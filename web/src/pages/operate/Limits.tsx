// What each account of this server may use.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { accounts, type Limits as Values, limit, open, quota } from '../../api/accounts'
import { useSession } from '../../api/session'
import { t } from '../../texts/operate'
import { useDoing } from '../../ui/doing'
import { Button, Card, Fault, FIELD, Field, Loading, Notice, Select } from '../../ui/parts'
import { Spent } from '../account/Spent'
import { Frame } from './Frame'

export function Limits() {
  const { session } = useSession()
  const mine = useQuery({ queryKey: ['quota'], queryFn: quota })
  return (
    <Frame lead={t.limits.lead}>
      {mine.isPending && <Loading />}
      {mine.isError && <Fault error={mine.error} retry={() => void mine.refetch()} />}
      <div className="grid gap-4 lg:grid-cols-2">
        {mine.data !== undefined && (
          <Card title={t.limits.yours}>
            <Spent quota={mine.data} />
          </Card>
        )}
        {session?.scopes.includes('admin') ? (
          <>
            <Others />
            <Open />
          </>
        ) : (
          <p className="text-soft">{t.limits.others}</p>
        )}
      </div>
    </Frame>
  )
}

const FIELDS = ['rate', 'burst', 'running', 'daily', 'monthly'] as const
const WHOLE = ['burst', 'running']

function Others() {
  const client = useQueryClient()
  const known = useQuery({ queryKey: ['accounts'], queryFn: accounts })
  const [id, setId] = useState('')
  const [done, setDone] = useState('')
  const { busy, fault, run } = useDoing()
  const chosen = known.data?.find((one) => one.id === id) ?? known.data?.[0]
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (chosen === undefined) return
    const form = new FormData(event.currentTarget)
    setDone('')
    void run(async () => {
      await limit(chosen.id, typed(form))
      await client.invalidateQueries({ queryKey: ['quota'] })
      setDone(chosen.name)
    })
  }
  return (
    <Card title={t.limits.set}>
      {known.isPending && <Loading />}
      {known.isError && <Fault error={known.error} retry={() => void known.refetch()} />}
      <form onSubmit={submit} className="grid items-start gap-3 sm:grid-cols-2">
        <Field label={t.limits.account} hint={t.limits.replaces}>
          <Select value={chosen?.id ?? ''} onChange={(event) => setId(event.target.value)}>
            {known.data?.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </Select>
        </Field>
        {FIELDS.map((field) => (
          <Field key={field} label={t.limits[field]}>
            <input name={field} type="number" min={0} step={WHOLE.includes(field) ? 1 : 'any'} className={FIELD} />
          </Field>
        ))}
        <div className="grid justify-items-start gap-3 sm:col-span-2">
          {fault !== null && <Fault error={fault} />}
          {done !== '' && <Notice kind="plain">{t.limits.done(done)}</Notice>}
          <Button kind="first" type="submit" disabled={busy || chosen === undefined}>
            {t.limits.set}
          </Button>
        </div>
      </form>
    </Card>
  )
}

/** A new account: somebody else works in it, and nobody here sees what is theirs. */
function Open() {
  const client = useQueryClient()
  const [done, setDone] = useState('')
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const text = (name: string) => String(new FormData(form).get(name) ?? '')
    const [name, password] = [text('name').trim(), text('password')]
    setDone('')
    void run(async () => {
      await open({ name, email: text('email'), password: password === '' ? null : password })
      setDone(name)
      form.reset()
      await client.invalidateQueries({ queryKey: ['accounts'] })
    })
  }
  return (
    <Card title={t.limits.open}>
      <form onSubmit={submit} className="grid items-start gap-3 sm:grid-cols-2">
        <Field label={t.limits.name}>
          <input name="name" required maxLength={80} autoComplete="off" className={FIELD} />
        </Field>
        <Field label={t.limits.email}>
          <input name="email" type="email" required autoComplete="off" className={FIELD} />
        </Field>
        <Field label={t.limits.password} hint={t.limits.passwordHint}>
          <input name="password" type="password" minLength={10} autoComplete="new-password" className={FIELD} />
        </Field>
        <div className="grid justify-items-start gap-3 sm:col-span-2">
          {fault !== null && <Fault error={fault} />}
          {done !== '' && <Notice kind="plain">{t.limits.opened(done)}</Notice>}
          <Button kind="first" type="submit" disabled={busy}>
            {t.limits.open}
          </Button>
        </div>
      </form>
    </Card>
  )
}

function typed(form: FormData): Values {
  const number = (field: string) => (form.get(field) === '' ? null : Number(form.get(field)))
  return { rate: number('rate'), burst: number('burst') ?? 1, running: number('running'), daily: number('daily'), monthly: number('monthly') }
}
