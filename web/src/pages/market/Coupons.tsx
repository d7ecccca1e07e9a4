// Codes that are worth something: made, looked at, ended.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { type Coupon, coupons, endCoupon, makeCoupon, type NewCoupon, ownListings } from '../../api/market'
import { usePages } from '../../api/pages'
import { useSession } from '../../api/session'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { moment, number } from '../../ui/format'
import { Button, Card, Empty, Fault, FIELD, Field, Loading, Select } from '../../ui/parts'
import { Cell, Table } from '../../ui/Table'
import { Frame } from './Frame'

export function Coupons() {
  const found = useQuery({ queryKey: ['market', 'coupons'], queryFn: coupons })
  return (
    <Frame lead={t.coupons.lead}>
      <New />
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <Empty>{t.coupons.none}</Empty>}
      {found.data !== undefined && found.data.length > 0 && <Made coupons={found.data} />}
    </Frame>
  )
}

const HOUSE = 'credits'

function New() {
  const client = useQueryClient()
  const { session } = useSession()
  const { all } = usePages(['listings', 'own'], ownListings)
  const [worth, setWorth] = useState('off')
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    void run(async () => {
      await makeCoupon(couponOf(new FormData(form)))
      form.reset()
      await client.invalidateQueries({ queryKey: ['market', 'coupons'] })
    })
  }
  return (
    <Card title={t.coupons.make}>
      <form onSubmit={submit} className="grid max-w-3xl items-start gap-3 sm:grid-cols-2">
        <Field label={t.coupons.code} hint={t.coupons.codeHint}>
          <input name="code" required minLength={4} maxLength={40} pattern="[A-Za-z0-9][A-Za-z0-9\-]*" autoComplete="off" className={`${FIELD} uppercase`} />
        </Field>
        {session?.scopes.includes('admin') && (
          <Field label={t.coupons.worth}>
            <Select value={worth} onChange={(event) => setWorth(event.target.value)}>
              <option value="off">{t.coupons.takesOff}</option>
              <option value={HOUSE}>{t.coupons.gives}</option>
            </Select>
          </Field>
        )}
        {worth === HOUSE ? (
          <Field label={t.coupons.credits}>
            <input name="credits" type="number" min={1} step={1} required className={FIELD} />
          </Field>
        ) : (
          <>
            <Field label={t.coupons.off}>
              <input name="off" type="number" min={1} max={100} step={1} required defaultValue={20} className={FIELD} />
            </Field>
            <Field label={t.coupons.what}>
              <Select name="listing">
                <option value="">{t.coupons.all}</option>
                {all.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.title}
                  </option>
                ))}
              </Select>
            </Field>
          </>
        )}
        <Field label={t.coupons.most} hint={t.coupons.mostHint}>
          <input name="most" type="number" min={1} step={1} required defaultValue={1} className={FIELD} />
        </Field>
        <Field label={t.coupons.until} hint={t.coupons.untilHint}>
          <input name="until" type="date" className={FIELD} />
        </Field>
        <div className="grid justify-items-start gap-3 sm:col-span-2">
          {fault !== null && <Fault error={fault} />}
          <Button kind="first" type="submit" disabled={busy}>
            {t.coupons.make}
          </Button>
        </div>
      </form>
    </Card>
  )
}

/** A day that is named is the last on which the code is good. */
function couponOf(form: FormData): NewCoupon {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const day = text('until')
  return {
    code: text('code').toUpperCase(),
    off: Number(text('off')) / 100,
    credits: Number(text('credits')),
    listing: text('listing') || null,
    most: Number(text('most')),
    until: day === '' ? null : new Date(`${day}T23:59:59`).getTime() / 1000,
  }
}

function Made({ coupons: all }: { coupons: Coupon[] }) {
  const client = useQueryClient()
  const { busy, fault, run } = useDoing()
  const end = (code: string) => void run(() => endCoupon(code).then(() => client.invalidateQueries({ queryKey: ['market', 'coupons'] })))
  const over = (one: Coupon) => one.until !== null && one.until * 1000 <= Date.now()
  return (
    <Card title={t.coupons.made}>
      {fault !== null && <Fault error={fault} />}
      <Table
        label={t.coupons.made}
        heads={[
          [t.coupons.code, 'left'],
          [t.coupons.worth, 'left'],
          [t.coupons.used, 'right'],
          [t.coupons.until, 'left'],
          ['', 'right'],
        ]}
      >
        {all.map((one) => (
          <tr key={one.code}>
            <Cell>
              <code className="break-all">{one.code}</code>
            </Cell>
            <Cell>{one.credits > 0 ? t.coupons.isGift(number(one.credits)) : t.coupons.isOff(number(one.off * 100))}</Cell>
            <Cell right>{t.coupons.times(number(one.used), number(one.most))}</Cell>
            <Cell className="text-soft">{one.until === null ? t.coupons.noEnd : moment(one.until)}</Cell>
            <Cell right>
              {over(one) ? (
                <span className="text-soft">{t.coupons.over}</span>
              ) : (
                <Button kind="danger" disabled={busy} aria-label={`${t.coupons.end} ${one.code}`} onClick={() => end(one.code)}>
                  {t.coupons.end}
                </Button>
              )}
            </Cell>
          </tr>
        ))}
      </Table>
    </Card>
  )
}
