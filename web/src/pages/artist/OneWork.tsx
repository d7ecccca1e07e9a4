// One work, as it comes about and when it is done: the poem, the picture, the brush over it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { copyOf, type Result, type Run, sharedFor } from '../../api/client'
import { cancel, isOver } from '../../api/runs'
import { t as common } from '../../texts/en'
import { t } from '../../texts/artist'
import { copyText } from '../../ui/copying'
import { useDoing } from '../../ui/doing'
import { Button, buttonClass, Card, Fault, Notice } from '../../ui/parts'
import { inOne, lines, useStages, type Work, workOf } from './work'

/** Pixels across of what is shown. */
const ACROSS = 640

export function OneWork({ run, onAgain }: { run: Run; onAgain: () => void }) {
  const client = useQueryClient()
  const stages = useStages(run)
  const work = workOf(run)
  const { busy, fault, run: begin } = useDoing()
  const poem = work?.poem ?? stages.poem
  return (
    <Card>
      <div className="grid gap-4 md:grid-cols-[minmax(0,14rem)_minmax(0,1fr)_minmax(0,1fr)]">
        <Stage title={t.stages.poem}>
          {poem === '' ? <Waits run={run} text={t.works.poem} /> : <Poem poem={poem} />}
          {run.status === 'queued' && <p className="text-soft text-xs">{t.first}</p>}
        </Stage>
        <Stage title={t.stages.picture}>
          <Picture result={work?.picture} early={stages.picture} alt={t.alt(inOne(poem))} waits={<Waits run={run} text={t.works.picture} />} />
        </Stage>
        <Stage title={t.stages.artwork}>
          <Picture result={work?.artwork} early={stages.artwork} alt={t.alt(inOne(poem))} waits={<Waits run={run} text={t.works.artwork} />} />
          {work !== undefined && <p className="text-soft">{t.by(work.painting, work.emotion)}</p>}
        </Stage>
      </div>
      {run.status === 'failed' && <Notice kind="danger">{run.error?.message ?? t.failed}</Notice>}
      {fault !== null && <Fault error={fault} />}
      <div className="flex flex-wrap gap-2">
        {!isOver(run) && (
          <Button disabled={busy} onClick={() => void begin(() => cancel(client, run.id))}>
            {common.cancel}
          </Button>
        )}
        {isOver(run) && <Button onClick={onAgain}>{t.again}</Button>}
        {work !== undefined && <Share work={work} />}
        <Link to="/runs/$id" params={{ id: run.id }} className={buttonClass('quiet')}>
          {t.run}
        </Link>
      </div>
    </Card>
  )
}

function Stage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="grid content-start gap-2 min-w-0">
      <h2>{title}</h2>
      {children}
    </section>
  )
}

export function Poem({ poem }: { poem: string }) {
  return (
    <p className="text-lg leading-7 break-words" data-testid="poem">
      {lines(poem).map((line, at) => (
        <span key={at} className="block">
          {line}
        </span>
      ))}
    </p>
  )
}

/** What is to come, while it may. */
function Waits({ run, text }: { run: Run; text: string }) {
  if (isOver(run)) return null
  return <p className="text-soft">{run.status === 'queued' ? t.waits : text}</p>
}

function Picture({ result, early, alt, waits }: { result: Result | undefined; early: string | null; alt: string; waits: ReactNode }) {
  const copy = useCopy(result, ACROSS)
  const shown = copy ?? early
  if (shown === null) return <div className="grid aspect-square w-full content-center justify-items-center rounded border border-line bg-ground p-4 text-center">{waits}</div>
  return <img src={shown} alt={alt} decoding="async" className="aspect-square w-full rounded object-cover" />
}

/** An address of a copy of a picture, null until it is there. */
export function useCopy(result: Result | undefined, across: number): string | null {
  const found = useQuery({
    queryKey: ['copy', result?.digest, across],
    queryFn: () => copyOf((result as Result).digest, across),
    enabled: result !== undefined,
    staleTime: 3600_000,
    retry: false,
  })
  return found.data ?? null
}

function Share({ work }: { work: Work }) {
  const [done, setDone] = useState(false)
  const { busy, fault, run } = useDoing()
  const copy = async () => {
    await copyText(await sharedFor(work.artwork.digest))
    setDone(true)
  }
  return (
    <>
      <Button disabled={busy} aria-live="polite" onClick={() => void run(copy)}>
        {done ? t.shared : t.share}
      </Button>
      {fault !== null && <Fault error={fault} />}
    </>
  )
}
