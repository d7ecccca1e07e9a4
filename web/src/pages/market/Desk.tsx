// The wallet, and what was bought.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import { base } from '../../api/connection'
import { cancelMonth, confirmTopUp, orders, payOut, payouts, resumeMonth, subscriptions, topUp, topups, wallet } from '../../api/market'
import { usePages } from '../../api/pages'
import { useSession } from '../../api/session'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { moment, number } from '../../ui/format'
import { More } from '../../ui/More'
import { Button, buttonClass, Card, Fault, FIELD, Field, Loading } from '../../ui/parts'
import { Cell, Table } from '../../ui/Table'
import { Frame } from './Frame'

export function Desk() {
  return (
    <Frame>
      <div className="grid gap-4 lg:grid-cols-2">
        <div className="grid content-start gap-4 min-w-0">
          <Wallet />
          <Bought />
        </div>
        <div className="grid content-start gap-4 min-w-0">
          <Months />
          <Orders />
        </div>
      </div>
    </Frame>
  )
}

function useFresh(): () => Promise<void> {
  const client = useQueryClient()
  return async () => {
    await client.invalidateQueries({ queryKey: ['market'] })
  }
}

function Wallet() {
  const found = useQuery({ queryKey: ['market', 'wallet'], queryFn: wallet })
  const paid = usePages(['market', 'payouts'], payouts)
  const fresh = useFresh()
  const { busy, fault, run } = useDoing()
  const { session } = useSession()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const credits = Number(new FormData(event.currentTarget).get('credits'))
    void run(() => topUp(credits).then(fresh))
  }
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
      {session?.scopes.includes('market:write') && (
        <form onSubmit={submit} className="grid grid-cols-[1fr_auto] items-end gap-2">
          <Field label={t.desk.credits}>
            <input name="credits" type="number" min={1} step={1} required defaultValue={1000} className={FIELD} />
          </Field>
          <Button kind="first" type="submit" disabled={busy}>
            {t.desk.buy}
          </Button>
        </form>
      )}
      {fault !== null && <Fault error={fault} />}
      <div className="flex flex-wrap gap-2">
        <a href={`${base}v1/wallet/statements/${new Date().toISOString().slice(0, 7)}.csv`} className={buttonClass()}>
          {t.desk.statement}
        </a>
        {known.payable > 0 && (
          <Button disabled={busy} onClick={() => void run(() => payOut().then(fresh))}>
            {t.desk.payOut}
          </Button>
        )}
      </div>
      {paid.all.map((one) => (
        <p key={one.id} className="text-soft">
          {`${number(one.credits)}, ${t.desk.payoutStates[one.state]}, ${moment(one.at)}`}
        </p>
      ))}
      <More found={paid.found} />
    </Card>
  )
}

function Bought() {
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

function Months() {
  const { found, all } = usePages(['market', 'months'], subscriptions)
  const fresh = useFresh()
  const { busy, fault, run } = useDoing()
  return (
    <Card title={t.desk.months}>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {fault !== null && <Fault error={fault} />}
      {found.isSuccess && all.length === 0 && <p className="text-soft">{t.desk.noMonths}</p>}
      <ul className="grid gap-2">
        {all.map((one) => (
          <li key={one.id} className="grid gap-1 border-t border-line pt-2 min-w-0">
            <div className="flex flex-wrap items-center justify-between gap-2">
              <Link to="/market/$id" params={{ id: one.listing }} className="text-accent underline break-all">
                {one.listing}
              </Link>
              <span className={one.state === 'active' ? 'text-good' : 'text-warn'}>{t.desk.monthStates[one.state]}</span>
            </div>
            <p className="text-soft">
              {one.until !== null && `${t.desk.until(moment(one.until))}, ${one.renews ? t.desk.renews : t.desk.ends}`}
              {one.quota !== null && `; ${t.desk.used(number(one.used), number(one.quota))}`}
            </p>
            {(one.state === 'active' || one.state === 'grace') && one.until !== null && (
              <div>
                <Button disabled={busy} onClick={() => void run(() => (one.renews ? cancelMonth : resumeMonth)(one.id).then(fresh))}>
                  {one.renews ? t.desk.cancel : t.desk.resume}
                </Button>
              </div>
            )}
          </li>
        ))}
      </ul>
      <More found={found} />
    </Card>
  )
}

function Orders() {
  const { found, all } = usePages(['market', 'orders'], orders)
  return (
    <Card title={t.desk.orders}>
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && <p className="text-soft">{t.desk.noOrders}</p>}
      {all.length > 0 && (
        <Table
          label={t.desk.orders}
          heads={[
            [t.desk.at, 'left'],
            [t.desk.listing, 'left'],
            [t.desk.price, 'right'],
          ]}
        >
          {all.map((one) => (
            <tr key={one.id}>
              <Cell className="whitespace-nowrap text-soft">{moment(one.at)}</Cell>
              <Cell>
                <Link to="/market/$id" params={{ id: one.listing }} className="text-accent underline break-all">
                  {one.listing}
                </Link>
              </Cell>
              <Cell right>{number(one.price - one.discount - one.refunded)}</Cell>
            </tr>
          ))}
        </Table>
      )}
      <More found={found} />
    </Card>
  )
}
