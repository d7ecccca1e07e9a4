// What is paid by hand, of all accounts: confirmed once it was.
import { confirmPayout, confirmTopUp, waiting } from '../../api/market'
import { usePages } from '../../api/pages'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { moment, number } from '../../ui/format'
import { More } from '../../ui/More'
import { Button, Card, Fault } from '../../ui/parts'
import { useFresh } from './fresh'

export function Payments() {
  const { found, all } = usePages(['market', 'waiting'], waiting)
  const fresh = useFresh()
  const { busy, fault, run } = useDoing()
  if (found.isError) return <Fault error={found.error} retry={() => void found.refetch()} />
  if (all.length === 0) return null
  return (
    <Card title={t.payments.title}>
      {fault !== null && <Fault error={fault} />}
      <ul className="grid gap-2">
        {all.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 border-t border-line pt-2">
            <span className="min-w-0 break-words">
              {`${one.account} ${t.payments.kinds[one.kind]}: ${number(one.credits)}`}
              <span className="block text-soft text-xs">
                {moment(one.at)} <code>{one.id}</code>
              </span>
            </span>
            <Button disabled={busy} onClick={() => void run(() => (one.kind === 'topup' ? confirmTopUp : confirmPayout)(one.id).then(fresh))}>
              {t.payments.done[one.kind]}
            </Button>
          </li>
        ))}
      </ul>
      <More found={found} />
    </Card>
  )
}
