// What a listing costs, and buying it: a month, a copy, with a code.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { buy, copyAt, type Listing, wallet } from '../../api/market'
import { unique } from '../../api/unique'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { number } from '../../ui/format'
import { Button, buttonClass, Card, Fault, FIELD, Field, Notice } from '../../ui/parts'
import { pricesOf } from './told'

export function Buy({ known, writes }: { known: Listing; writes: boolean }) {
  const [owner = '', name = ''] = known.target.replace(/@.*$/, '').split('/')
  const price = known.offer?.price
  const month = Boolean(price?.month) && !known.own && known.access === null
  const copy = price?.download != null && !known.own && !known.copy
  return (
    <Card title={t.buying.title}>
      <ul>
        {pricesOf(known.offer).map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      {known.own ? <p className="text-soft">{t.has.own}</p> : known.access !== null && <p className="text-good">{t.has.open}</p>}
      {writes && (month || copy) && <Checkout known={known} month={month} copy={copy} />}
      <div className="grid gap-2">
        {known.copy && (
          <a href={copyAt(known.id)} download className={buttonClass()}>
            {t.buying.get}
          </a>
        )}
        <Link to={known.kind === 'pipeline' ? '/pipelines/$owner/$name' : '/models/$owner/$name'} params={{ owner, name }} className={buttonClass(month ? 'plain' : 'first')}>
          {known.kind === 'pipeline' ? t.openPipeline : t.openModel}
        </Link>
      </div>
      {!known.own && <p className="text-soft text-xs">{t.quoted}</p>}
    </Card>
  )
}

function Checkout({ known, month, copy }: { known: Listing; month: boolean; copy: boolean }) {
  const client = useQueryClient()
  const { busy, fault, run } = useDoing()
  const [bought, setBought] = useState(false)
  const [code, setCode] = useState('')
  const keys = useRef({ month: unique(), download: unique() })
  const has = useQuery({ queryKey: ['market', 'wallet'], queryFn: wallet })
  const order = (kind: 'month' | 'download') =>
    void run(async () => {
      await buy(known.id, kind, known.offer?.number ?? 1, code.trim().toUpperCase() || null, keys.current[kind])
      setBought(true)
      await Promise.all([client.invalidateQueries({ queryKey: ['market'] }), client.invalidateQueries({ queryKey: ['listing', known.id] })])
    })
  return (
    <div className="grid gap-2">
      {has.data !== undefined && (
        <p className="text-soft">
          {t.buying.has(number(has.data.balance - has.data.held))}{' '}
          <Link to="/market/desk" className="text-accent underline">
            {t.desk.buy}
          </Link>
        </p>
      )}
      <details>
        <summary className="min-h-7 text-soft">{t.buying.coupon}</summary>
        <Field label={t.coupons.code}>
          <input value={code} maxLength={40} autoComplete="off" className={`${FIELD} uppercase`} onChange={(event) => setCode(event.target.value)} />
        </Field>
      </details>
      {bought && <Notice kind="plain">{t.bought}</Notice>}
      {fault !== null && <Fault error={fault} />}
      {month && (
        <Button kind="first" disabled={busy} onClick={() => order('month')}>
          {t.buy}
        </Button>
      )}
      {copy && (
        <Button disabled={busy} onClick={() => order('download')}>
          {t.buying.copy}
        </Button>
      )}
    </div>
  )
}
