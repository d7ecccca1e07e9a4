// What was reported of a listing of one's own, what moderators said, and the appeal.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { appeal, type Report, reportsOf } from '../../api/market'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { moment } from '../../ui/format'
import { Button, Card, Fault, FIELD, Field } from '../../ui/parts'

export function Stopped({ id }: { id: string }) {
  const found = useQuery({ queryKey: ['listing', id, 'reports'], queryFn: () => reportsOf(id) })
  if (found.isError) return <Fault error={found.error} retry={() => void found.refetch()} />
  if (found.data === undefined || found.data.length === 0) return null
  return (
    <Card title={t.appeal.title}>
      <ul className="grid gap-3">
        {found.data.map((one) => (
          <li key={one.id} className="grid gap-2 border-t border-line pt-2 min-w-0">
            <Told report={one} />
            {one.state === 'upheld' && <Appeal report={one} />}
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Told({ report }: { report: Report }) {
  const down = report.state === 'upheld' || report.state === 'final'
  return (
    <>
      <p className="flex flex-wrap justify-between gap-x-3">
        <strong className="font-semibold">{t.reasons[report.reason]}</strong>
        <span className={down ? 'text-danger' : 'text-soft'}>{`${t.moderation.states[report.state]}, ${moment(report.decided_at ?? report.at)}`}</span>
      </p>
      <p className="whitespace-pre-wrap break-words">{report.text}</p>
      {report.decision !== '' && <p className="break-words">{`${t.moderation.decision}: ${report.decision}`}</p>}
      {report.appeal !== '' && <p className="break-words text-soft">{`${t.appeal.yours}: ${report.appeal}`}</p>}
    </>
  )
}

function Appeal({ report }: { report: Report }) {
  const client = useQueryClient()
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const text = String(new FormData(event.currentTarget).get('text'))
    void run(() => appeal(report.id, text).then(() => client.invalidateQueries({ queryKey: ['listing', report.listing] })))
  }
  return (
    <form onSubmit={submit} className="grid gap-2">
      <Field label={t.appeal.why} hint={t.appeal.once}>
        <textarea name="text" required rows={3} maxLength={4000} className={`${FIELD} py-1`} />
      </Field>
      {fault !== null && <Fault error={fault} />}
      <div>
        <Button kind="first" type="submit" disabled={busy}>
          {t.appeal.send}
        </Button>
      </div>
    </form>
  )
}
