// What an account has, in credits: to spend, and earned; more of it, and the statements of months.
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { confirmTopUp, monthAt, payOut, payouts, redeem, topUp, topups, wallet } from '../../api/market'
import { usePages } from '../../api/pages'
import { useSession } from '../../api/session'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { moment, number } from '../../ui/format'
import { More } from '../../ui/More'
import { Button, buttonClass, Card, Fault, FIELD, Field, Loading, Notice } from '../../ui/parts'
import { useFresh } from './fresh'

export function Wallet() {
  const found = useQuery({ queryKey: ['market', 'wallet'], queryFn: wallet })
  const paid = usePages(['market', 'payouts'], payouts)
  const fresh = useFresh()
  const { busy, fault, run } = useDoing()
  const { session } = useSession()
  const writes = session?.scopes.includes('market:write')
  if (found.isPending) return <Loading />
  if (found.isError) return <Fault error={found.error} retry={() => void found.refetch()} />
  const known = found.data
  const figures: [string, number][] = [
    [t.desk.balance, known.balance],
    [t.desk.held, known.held],
    [t.desk.earned, known.earned],
    [t.desk.payable, known.payable],
  ]
  return (
    <Card title={t.desk.wallet}>
      <dl className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-1">
        {figures.map(([name, value], at) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className={`text-right ${at === 0 ? 'text-xl' : ''}`}>{number(value)}</dd>
          </div>
        ))}
      </dl>
      <p className="text-soft text-xs">{t.desk.worth(known.currency)}</p>
      {writes && <TopUp />}
      {writes && <Redeem />}
      {fault !== null && <Fault error={fault} />}
      {writes && known.payable > 0 && (
        <div>
          <Button disabled={busy} onClick={() => void run(() => payOut().then(fresh))}>
            {t.desk.payOut}
          </Button>
        </div>
      )}
      {paid.all.map((one) => (
        <p key={one.id} className="text-soft">
          {`${number(one.credits)}, ${t.desk.payoutStates[one.state]}, ${moment(one.at)}`}
        </p>
      ))}
      <More found={paid.found} />
    </Card>
  )
}

function TopUp() {
  const fresh = useFresh()
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const credits = Number(new FormData(event.currentTarget).get('credits'))
    void run(() => topUp(credits).then(fresh))
  }
  return (
    <form onSubmit={submit} className="grid grid-cols-[1fr_auto] items-end gap-2">
      <Field label={t.desk.credits}>
        <input name="credits" type="number" min={1} step={1} required defaultValue={1000} className={FIELD} />
      </Field>
      <Button kind="first" type="submit" disabled={busy}>
        {t.desk.buy}
      </Button>
      {fault !== null && (
        <div className="col-span-2">
          <Fault error={fault} />
        </div>
      )}
    </form>
  )
}

/** A code of the installation's, which puts credits into the wallet. */
function Redeem() {
  const fresh = useFresh()
  const { busy, fault, run } = useDoing()
  const [got, setGot] = useState<number | null>(null)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const code = String(new FormData(form).get('code')).trim().toUpperCase()
    setGot(null)
    void run(async () => {
      setGot(await redeem(code))
      form.reset()
      await fresh()
    })
  }
  return (
    <details>
      <summary className="min-h-7 text-soft">{t.desk.redeem}</summary>
      <form onSubmit={submit} className="grid grid-cols-[1fr_auto] items-end gap-2 pt-2">
        <Field label={t.coupons.code}>
          <input name="code" required maxLength={40} autoComplete="off" className={`${FIELD} uppercase`} />
        </Field>
        <Button type="submit" disabled={busy}>
          {t.desk.redeems}
        </Button>
        <div className="col-span-2">
          {got !== null && <Notice kind="plain">{t.desk.redeemed(number(got))}</Notice>}
          {fault !== null && <Fault error={fault} />}
        </div>
      </form>
    </details>
  )
}

/** What happened in a month to what an account has. */
export function Statements() {
  const [month, setMonth] = useState(new Date().toISOString().slice(0, 7))
  const whole = /^20\d\d-\d\d$/.test(month)
  return (
    <Card title={t.desk.statements}>
      <Field label={t.desk.month}>
        <input type="month" className={FIELD} value={month} min="2020-01" max={new Date().toISOString().slice(0, 7)} placeholder="2026-11" onChange={(event) => setMonth(event.target.value)} />
      </Field>
      {whole && (
        <dl className="grid grid-cols-[1fr_auto] items-center gap-2">
          {(['statements', 'earnings'] as const).map((what) => (
            <div key={what} className="contents">
              <dt>{what === 'statements' ? t.desk.movements : t.desk.earnings}</dt>
              <dd className="flex gap-2">
                <a href={monthAt(what, month, '.html')} target="_blank" rel="noreferrer" aria-label={t.desk.pageOf(t.desk[what === 'statements' ? 'movements' : 'earnings'])} className={buttonClass()}>
                  {t.desk.page}
                </a>
                <a href={monthAt(what, month, '.csv')} aria-label={t.desk.csvOf(t.desk[what === 'statements' ? 'movements' : 'earnings'])} className={buttonClass()}>
                  {t.desk.csv}
                </a>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  )
}

export function TopUps() {
  const { found, all } = usePages(['market', 'topups'], topups)
  const fresh = useFresh()
  const { busy, fault, run } = useDoing()
  const { session } = useSession()
  if (all.length === 0) return null
  return (
    <Card title={t.desk.topups}>
      {fault !== null && <Fault error={fault} />}
      <ul className="grid gap-2">
        {all.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center justify-between gap-x-3">
            <span>{number(one.credits)}</span>
            <span className={one.state === 'failed' ? 'text-danger' : 'text-soft'}>{`${t.desk.states[one.state]}, ${moment(one.at)}`}</span>
            {one.state === 'open' && (
              <span className="flex gap-2">
                {one.url !== null && (
                  <a href={one.url} rel="noreferrer" className={buttonClass('first')}>
                    {t.desk.pay}
                  </a>
                )}
                {one.provider === 'manual' && session?.scopes.includes('admin') && (
                  <Button disabled={busy} onClick={() => void run(() => confirmTopUp(one.id).then(fresh))}>
                    {t.desk.confirm}
                  </Button>
                )}
              </span>
            )}
          </li>
        ))}
      </ul>
      <More found={found} />
    </Card>
  )
}
