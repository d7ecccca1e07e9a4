// What an account may run or have: months that are renewed, and copies.
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { cancelMonth, copyAt, resumeMonth, type Right, subscriptions, switchMonth } from '../../api/market'
import { usePages } from '../../api/pages'
import { t } from '../../texts/market'
import { Confirm } from '../../ui/Confirm'
import { useDoing } from '../../ui/doing'
import { moment, number } from '../../ui/format'
import { More } from '../../ui/More'
import { Button, buttonClass, Card, Fault, Loading } from '../../ui/parts'
import { useFresh } from './fresh'

export function Rights() {
  const { found, all } = usePages(['market', 'rights'], subscriptions)
  const months = all.filter((one) => one.kind === 'month')
  const copies = all.filter((one) => one.kind === 'download')
  return (
    <>
      <Card title={t.desk.months}>
        {found.isPending && <Loading />}
        {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
        {found.isSuccess && months.length === 0 && <p className="text-soft">{t.desk.noMonths}</p>}
        <ul className="grid gap-2">
          {months.map((one) => (
            <Month key={one.id} right={one} />
          ))}
        </ul>
        <More found={found} />
      </Card>
      {copies.length > 0 && (
        <Card title={t.desk.copies}>
          <ul className="grid gap-2">
            {copies.map((one) => (
              <li key={one.id} className="flex flex-wrap items-center justify-between gap-2 border-t border-line pt-2 min-w-0">
                <Named id={one.listing} title={one.title} />
                {live(one) ? (
                  <a href={copyAt(one.listing)} download className={buttonClass()}>
                    {t.buying.get}
                  </a>
                ) : (
                  <span className="text-warn">{t.desk.rightStates[one.state]}</span>
                )}
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  )
}

const live = (one: Right): boolean => one.state === 'active' || one.state === 'grace'

/** A listing by its title, and its page. */
export function Named({ id, title }: { id: string; title: string }) {
  return (
    <Link to="/market/$id" params={{ id }} className="text-accent underline break-words min-w-0">
      {title}
    </Link>
  )
}

type Asking = 'end' | 'switch' | null

function Month({ right: one }: { right: Right }) {
  const fresh = useFresh()
  const { busy, fault, run } = useDoing()
  const [asking, setAsking] = useState<Asking>(null)
  return (
    <li className="grid gap-1 border-t border-line pt-2 min-w-0">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Named id={one.listing} title={one.title} />
        <span className={one.state === 'active' ? 'text-good' : 'text-warn'}>{t.desk.rightStates[one.state]}</span>
      </div>
      <p className="text-soft">
        {one.until !== null && `${t.desk.until(moment(one.until))}, ${one.renews ? t.desk.renews : t.desk.ends}`}
        {one.quota !== null && `; ${t.desk.used(number(one.used), number(one.quota))}`}
      </p>
      {fault !== null && <Fault error={fault} />}
      {live(one) && one.until !== null && (
        <div className="flex flex-wrap gap-2">
          <Button disabled={busy} onClick={() => void run(() => (one.renews ? cancelMonth(one.id, false) : resumeMonth(one.id)).then(fresh))}>
            {one.renews ? t.desk.cancel : t.desk.resume}
          </Button>
          <Button onClick={() => setAsking('switch')}>{t.desk.switch}</Button>
          <Button onClick={() => setAsking('end')}>{t.desk.endNow}</Button>
        </div>
      )}
      {asking !== null && (
        <Confirm
          title={asking === 'end' ? t.desk.ending : t.desk.switching}
          go={asking === 'end' ? t.desk.endNow : t.desk.switch}
          work={() => (asking === 'end' ? cancelMonth(one.id, true) : switchMonth(one.id)).then(fresh)}
          onClose={() => setAsking(null)}
        >
          {asking === 'end' ? t.desk.ended : t.desk.switched}
        </Confirm>
      )}
    </li>
  )
}
