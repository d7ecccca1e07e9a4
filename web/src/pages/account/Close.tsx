// Closing the account, for good: what stands in the way, and what would be given up.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { close, closing } from '../../api/accounts'
import { t } from '../../texts/account'
import { Confirm } from '../../ui/Confirm'
import { number } from '../../ui/format'
import { Button, Card, Fault } from '../../ui/parts'

export function Close() {
  const [looking, setLooking] = useState(false)
  return (
    <Card title={t.closing.title}>
      <p className="max-w-prose text-soft">{t.closing.lead}</p>
      {looking ? (
        <Standing onEnd={() => setLooking(false)} />
      ) : (
        <div>
          <Button onClick={() => setLooking(true)}>{t.closing.look}</Button>
        </div>
      )}
    </Card>
  )
}

function Standing({ onEnd }: { onEnd: () => void }) {
  const found = useQuery({ queryKey: ['closing'], queryFn: closing, staleTime: 0 })
  if (found.isError) return <Fault error={found.error} retry={() => void found.refetch()} />
  if (found.data === undefined) return null
  const { blocks, forfeits } = found.data
  if (blocks.length === 0) {
    return (
      <Confirm title={t.closing.sure} go={t.closing.go} work={() => close(forfeits > 0).then(() => location.reload())} onClose={onEnd}>
        {forfeits > 0 ? t.closing.forfeits(number(forfeits)) : t.closing.all}
      </Confirm>
    )
  }
  return (
    <ul className="grid gap-2">
      {blocks.map((one) => (
        <li key={one.what} className="break-words">
          <span className="text-warn">{one.what}</span>
          <span className="block text-soft">{one.remedy}</span>
        </li>
      ))}
    </ul>
  )
}
