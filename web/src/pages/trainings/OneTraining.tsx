// One training: how far it is, what it measures and says, and what came of it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type UIEvent, useLayoutEffect, useRef, useState } from 'react'
import { left, useTold } from '../../api/told'
import { goOn, isOver, stop, type Training, training } from '../../api/trainings'
import { useSession } from '../../api/session'
import { t } from '../../texts/trainings'
import { Confirm } from '../../ui/Confirm'
import { useDoing } from '../../ui/doing'
import { between, duration, moment, number } from '../../ui/format'
import { Bar, Button, buttonClass, Card, Fault, Loading, Notice, Page } from '../../ui/parts'
import { State } from '../runs/State'
import { Outcome } from './Outcome'
import { Plot } from './Plot'
import { after, NOTHING, type Told } from './told'

/** Pixels from its end at which a list still counts as being there. */
const NEAR = 40

export function OneTraining() {
  const { id } = useParams({ strict: false }) as { id: string }
  const found = useQuery({
    queryKey: ['training', id],
    queryFn: () => training(id),
    refetchInterval: (query) => (query.state.data !== undefined && !isOver(query.state.data) ? 2000 : false),
  })
  if (found.isPending) return <Loading />
  const known = found.data
  return (
    <Page
      title={known === undefined ? t.one : `${t.one}: ${known.recipe}`}
      actions={
        <Link to="/trainings" className="text-accent underline">
          {t.back}
        </Link>
      }
    >
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {known !== undefined && <Sheets key={id} known={known} />}
    </Page>
  )
}

function Sheets({ known }: { known: Training }) {
  const client = useQueryClient()
  const keep = (now: Training) => {
    client.setQueryData(['training', now.id], now)
    void client.invalidateQueries({ queryKey: ['trainings'] })
  }
  const told = useTold({
    path: `v1/trainings/${known.id}/events`,
    over: isOver(known),
    empty: NOTHING,
    after,
    onEnd: (last) => last.training !== undefined && keep(last.training),
  })
  return (
    <>
      <Head known={known} keep={keep} />
      {!isOver(known) && <Progress known={known} told={told} />}
      {known.status === 'succeeded' && <Outcome known={known} />}
      <div className="grid gap-4 lg:grid-cols-2">
        <div className="grid content-start gap-4 min-w-0">
          <Measured told={told} />
          <Asked known={known} />
        </div>
        <Lines told={told} over={isOver(known)} />
      </div>
    </>
  )
}

function Head({ known, keep }: { known: Training; keep: (now: Training) => void }) {
  const { session } = useSession()
  const doing = useDoing()
  const [asking, setAsking] = useState(false)
  const writes = session?.scopes.includes('models:write') ?? false
  const took = between(known.started_at, known.finished_at)
  const facts = [moment(known.created_at), ...(took === null ? [] : [t.took(duration(took))]), ...(known.attempt > 1 ? [t.attempt(known.attempt)] : [])]
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <State status={known.status} />
        <span className="text-soft">{facts.join(', ')}</span>
        <code className="text-xs text-soft break-all">{known.id}</code>
        {writes && !isOver(known) && (
          <Button disabled={doing.busy} onClick={() => setAsking(true)}>
            {t.stop}
          </Button>
        )}
        {writes && known.status === 'failed' && (
          <Button kind="first" disabled={doing.busy} onClick={() => void doing.run(async () => keep(await goOn(known.id)))}>
            {t.again}
          </Button>
        )}
        {writes && isOver(known) && (
          <Link to="/trainings/new" search={{ like: known.id }} className={buttonClass()}>
            {t.another}
          </Link>
        )}
      </div>
      {doing.fault !== null && <Fault error={doing.fault} />}
      {known.error !== null && (
        <Notice kind={known.status === 'failed' ? 'danger' : 'warn'}>
          <span className="break-words">{known.error.message}</span> <code className="text-xs text-soft">{known.error.code}</code>
        </Notice>
      )}
      {known.status === 'cancelled' && <Notice kind="plain">{t.cancelled}</Notice>}
      {asking && (
        <Confirm title={t.stopping(known.recipe)} go={t.stop} work={async () => keep(await stop(known.id))} onClose={() => setAsking(false)}>
          {t.lost}
        </Confirm>
      )}
    </>
  )
}

function Progress({ known, told }: { known: Training; told: Told }) {
  const seconds = left(told)
  const said =
    known.status === 'queued'
      ? [t.waits]
      : told.part === null
        ? [t.begins]
        : [
            ...(told.trials > 0 ? [t.trial(told.trial, told.trials, told.options)] : []),
            ...(told.of > 0 ? [t.step(number(told.step), number(told.of))] : []),
            ...(seconds === null ? [] : [t.left(duration(seconds))]),
          ]
  return (
    <Card title={t.progress}>
      <p className="text-soft">{said.join(', ')}</p>
      <Bar part={known.status === 'queued' ? 0 : told.part} label={t.progress} />
    </Card>
  )
}

function Measured({ told: { points, watched } }: { told: Told }) {
  const losses = points.flatMap(({ step, loss }) => (loss === null ? [] : [{ step, value: loss }]))
  const scores = points.flatMap(({ step, score }) => (score === null ? [] : [{ step, value: score }]))
  if (losses.length + scores.length === 0) return null
  return (
    <Card>
      {losses.length > 0 && <Plot title={t.loss} points={losses} />}
      {scores.length > 0 && <Plot title={watched === '' ? t.score : t.watched(watched)} points={scores} />}
    </Card>
  )
}

/** The newest line is in sight, unless somebody has scrolled away from it. */
function Lines({ told: { lines }, over }: { told: Told; over: boolean }) {
  const box = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  useLayoutEffect(() => {
    if (!over && following.current) box.current?.scrollTo({ top: box.current.scrollHeight })
  }, [lines.length, over])
  const scrolled = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }: UIEvent<HTMLDivElement>) => {
    following.current = scrollHeight - scrollTop - clientHeight < NEAR
  }
  return (
    <Card title={t.lines} className="self-start">
      {lines.length === 0 ? (
        <p className="text-soft">{over ? t.silent : t.noLines}</p>
      ) : (
        <div ref={box} role="log" aria-label={t.lines} tabIndex={0} onScroll={scrolled} className="max-h-96 overflow-auto rounded-md border border-line bg-ground p-3 font-mono text-xs">
          {lines.map((one) => (
            <p key={one.number} className="whitespace-pre-wrap break-words">
              {one.text}
            </p>
          ))}
        </div>
      )}
    </Card>
  )
}

function Asked({ known }: { known: Training }) {
  const rows: [string, string][] = [
    [t.form.recipe, known.recipe],
    [t.form.data, known.data || t.everything],
    ...(known.model === null ? [] : [[t.form.model, known.model] as [string, string]]),
    ...Object.entries(known.options),
    ...Object.entries(known.grid).map(([name, values]): [string, string] => [name, values.join(', ')]),
  ]
  return (
    <Card title={t.asked}>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}
