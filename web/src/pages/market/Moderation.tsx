// What was reported, for whoever keeps the market clean.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { decide, type Report, reports } from '../../api/market'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { moment } from '../../ui/format'
import { Button, Empty, Fault, FIELD, Field, Loading } from '../../ui/parts'
import { Frame } from './Frame'

export function Moderation() {
  const found = useQuery({ queryKey: ['reports'], queryFn: reports })
  return (
    <Frame>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <Empty>{t.moderation.none}</Empty>}
      <ul className="grid gap-4">
        {found.data?.map((one) => (
          <li key={one.id} className="grid gap-2 rounded-lg border border-line bg-sheet p-4 min-w-0">
            <One report={one} />
          </li>
        ))}
      </ul>
    </Frame>
  )
}

function One({ report }: { report: Report }) {
  const client = useQueryClient()
  const [why, setWhy] = useState('')
  const { busy, fault, run } = useDoing()
  const open = report.state === 'open' || report.state === 'appealed'
  const end = (takeDown: boolean) => run(() => decide(report.id, takeDown, why).then(() => client.invalidateQueries({ queryKey: ['reports'] })))
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2>{t.reasons[report.reason]}</h2>
        <span className="text-soft">{`${t.moderation.states[report.state]}, ${moment(report.at)}`}</span>
      </div>
      <p className="max-w-prose whitespace-pre-wrap break-words">{report.text}</p>
      {report.appeal !== '' && <p className="max-w-prose break-words">{`${t.moderation.appeal}: ${report.appeal}`}</p>}
      {report.decision !== '' && <p className="max-w-prose break-words text-soft">{`${t.moderation.decision}: ${report.decision}`}</p>}
      <Link to="/market/$id" params={{ id: report.listing }} className="text-accent underline">
        {t.moderation.see}
      </Link>
      {open && (
        <div className="grid max-w-prose gap-2">
          <Field label={t.moderation.why}>
            <input className={FIELD} maxLength={2000} value={why} onChange={(event) => setWhy(event.target.value)} />
          </Field>
          {fault !== null && <Fault error={fault} />}
          <div className="flex gap-2">
            <Button kind="danger" disabled={busy || why.trim() === ''} onClick={() => void end(true)}>
              {t.moderation.take}
            </Button>
            <Button disabled={busy || why.trim() === ''} onClick={() => void end(false)}>
              {t.moderation.leave}
            </Button>
          </div>
        </div>
      )}
    </>
  )
}
