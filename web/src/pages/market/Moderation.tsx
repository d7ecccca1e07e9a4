// What was reported, and models that a person has to look at, for whoever keeps the market clean.
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { decide, type Report, reports } from '../../api/market'
import { decided, type Model, tail, undecided } from '../../api/models'
import { usePages } from '../../api/pages'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { moment } from '../../ui/format'
import { More } from '../../ui/More'
import { Button, Empty, Fault, FIELD, Field, Loading } from '../../ui/parts'
import { Frame } from './Frame'
import { Payments } from './Payments'

export function Moderation() {
  const client = useQueryClient()
  const { found, all } = usePages(['reports'], reports)
  const { found: models, all: unsure } = usePages(['undecided'], undecided)
  const fresh = (key: string) => () => client.invalidateQueries({ queryKey: [key] })
  const empty = found.isSuccess && models.isSuccess && all.length + unsure.length === 0
  return (
    <Frame>
      {(found.isPending || models.isPending) && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {models.isError && <Fault error={models.error} retry={() => void models.refetch()} />}
      <Payments />
      {empty && <Empty>{t.moderation.none}</Empty>}
      <ul className="grid gap-4">
        {unsure.map((one) => (
          <Case key={one.id} yes={t.moderation.pass} no={t.moderation.suspend} decide={(stop, why) => decided(one, !stop, why).then(fresh('undecided'))}>
            <Reviewed model={one} />
          </Case>
        ))}
        {all.map((one) => (
          <Case key={one.id} yes={t.moderation.leave} no={t.moderation.take} decide={(stop, why) => decide(one.id, stop, why).then(fresh('reports'))}>
            <Reported report={one} />
          </Case>
        ))}
      </ul>
      <More found={models} />
      <More found={found} />
    </Frame>
  )
}

/** Something to be decided, with its reason. */
function Case({ yes, no, decide: end, children }: { yes: string; no: string; decide: (stop: boolean, why: string) => Promise<unknown>; children: ReactNode }) {
  const [why, setWhy] = useState('')
  const { busy, fault, run } = useDoing()
  const ready = !busy && why.trim() !== ''
  return (
    <li className="grid gap-2 rounded-lg border border-line bg-sheet p-4 min-w-0">
      {children}
      <div className="grid max-w-prose gap-2">
        <Field label={t.moderation.why}>
          <input className={FIELD} maxLength={2000} value={why} onChange={(event) => setWhy(event.target.value)} />
        </Field>
        {fault !== null && <Fault error={fault} />}
        <div className="flex gap-2">
          <Button kind="danger" disabled={!ready} onClick={() => void run(() => end(true, why))}>
            {no}
          </Button>
          <Button disabled={!ready} onClick={() => void run(() => end(false, why))}>
            {yes}
          </Button>
        </div>
      </div>
    </li>
  )
}

function Reported({ report }: { report: Report }) {
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
    </>
  )
}

/** Only its examination can be shown: models of others are nobody's to open. */
function Reviewed({ model }: { model: Model }) {
  const open = (model.examination?.findings ?? []).filter((one) => one.verdict !== 'passed')
  return (
    <>
      <h2>{`${t.moderation.model}: ${model.owner}/${tail(model.id)}`}</h2>
      <p className="max-w-prose break-words">{model.title}</p>
      <ul className="grid gap-1">
        {open.map((one, at) => (
          <li key={at} className="break-words text-warn">
            {one.reason} <code className="text-xs text-soft">{one.code}</code>
          </li>
        ))}
      </ul>
    </>
  )
}
