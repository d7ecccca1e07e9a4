// Pictures on their way, and all that were done before: the newest first.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type KeyboardEvent, type SyntheticEvent, useState } from 'react'
import { copyOf, type Result, type Run } from '../../api/client'
import { cancel, isOver, retry, useProgress } from '../../api/runs'
import { t } from '../../texts/en'
import { bytes, duration } from '../../ui/format'
import { Bar, Button } from '../../ui/parts'
import { Rows } from '../../ui/Rows'
import { again, dismiss, localOf, sendable, type Upload } from './uploads'

const HEIGHT = 72
type Row = { kind: 'upload'; upload: Upload } | { kind: 'run'; run: Run }

export function List({
  uploads,
  runs,
  chosen,
  onChoose,
  onEnd,
}: {
  uploads: Upload[]
  runs: Run[]
  chosen: string | null
  onChoose: (id: string) => void
  onEnd: () => void
}) {
  const rows: Row[] = [
    ...uploads.map((upload) => ({ kind: 'upload' as const, upload })),
    ...runs.map((run) => ({ kind: 'run' as const, run })),
  ]
  const done = runs.filter((run) => run.status === 'succeeded')
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const next = runs[runs.findIndex((run) => run.id === chosen) + (by ?? 0)]
    if (by === undefined || next === undefined) return
    event.preventDefault()
    onChoose(next.id)
  }
  return (
    <div className="grid min-h-0 grid-rows-[minmax(0,1fr)_auto]" onKeyDown={move}>
      <Rows
        rows={rows}
        height={HEIGHT}
        keyOf={(row) => (row.kind === 'upload' ? row.upload.id : row.run.id)}
        label={t.enhance.list}
        onEnd={onEnd}
        className="max-lg:max-h-[50vh]"
      >
        {(row) =>
          row.kind === 'upload' ? (
            <UploadRow upload={row.upload} onChoose={onChoose} />
          ) : (
            <RunRow run={row.run} chosen={row.run.id === chosen} onChoose={() => onChoose(row.run.id)} />
          )
        }
      </Rows>
      {done.length > 1 && <All runs={done} />}
    </div>
  )
}

function All({ runs }: { runs: Run[] }) {
  const [told, setTold] = useState<string | null>(null)
  const all = async () => {
    try {
      const { downloadAll } = await import('./zip')
      await downloadAll(runs, (count) => setTold(t.enhance.zipping(count, runs.length)))
      setTold(null)
    } catch (error) {
      setTold(error instanceof Error ? error.message : null)
    }
  }
  return (
    <div className="border-t border-line p-3">
      <Button className="w-full" onClick={() => void all()} aria-live="polite">
        {told ?? t.enhance.downloadAll(runs.length)}
      </Button>
    </div>
  )
}

const ROW = 'grid h-full grid-cols-[48px_minmax(0,1fr)_auto] items-center gap-3 border-b border-line px-3'

function UploadRow({ upload, onChoose }: { upload: Upload; onChoose: (id: string) => void }) {
  const client = useQueryClient()
  const refused = upload.state === 'refused'
  const state = upload.state === 'sending' ? t.enhance.state.sending(upload.sent) : refused ? upload.problem : t.enhance.state[upload.state as 'waiting' | 'asking']
  return (
    <div className={ROW}>
      <div className="size-12 rounded bg-raised" />
      <div className="grid gap-1 min-w-0">
        <span className="truncate">{upload.name}</span>
        <span className={`line-clamp-2 text-xs ${refused ? 'text-danger' : 'text-soft'}`} role={refused ? 'alert' : undefined} title={state}>
          {state}
        </span>
        {upload.state === 'sending' && <Bar part={upload.sent} label={upload.name} />}
      </div>
      <div className="flex">
        {refused && sendable(upload) && (
          <Icon label={`${t.again}: ${upload.name}`} onClick={() => again(client, upload.id, onChoose)}>
            ↻
          </Icon>
        )}
        <Icon label={`${refused ? t.enhance.dismiss : t.cancel}: ${upload.name}`} onClick={() => dismiss(upload.id)}>
          ✕
        </Icon>
      </div>
    </div>
  )
}

function RunRow({ run, chosen, onChoose }: { run: Run; chosen: boolean; onChoose: () => void }) {
  const client = useQueryClient()
  const file = typeof run.input.image === 'string' ? run.input.image : ''
  const name = nameOf(run)
  const live = useLive(run)
  return (
    <div className={`${ROW} relative hover:bg-raised ${chosen ? 'bg-raised' : ''}`}>
      {chosen && <div className="absolute inset-y-0 left-0 w-[3px] bg-accent" />}
      <Thumb run={run} file={file} />
      <button type="button" onClick={onChoose} aria-current={chosen} className="grid h-full content-center gap-1 text-left min-w-0">
        <span className="truncate">{name}</span>
        <span className={`line-clamp-2 text-xs ${run.status === 'failed' ? 'text-danger' : 'text-soft'}`}>{live.text}</span>
        {!isOver(run) && <Bar part={live.part} label={name} />}
      </button>
      {!isOver(run) ? (
        <Icon label={`${t.cancel}: ${name}`} onClick={() => void cancel(client, run.id)}>
          ✕
        </Icon>
      ) : run.status === 'failed' ? (
        <Icon label={`${t.again}: ${name}`} onClick={() => void retry(client, run.id)}>
          ↻
        </Icon>
      ) : null}
    </div>
  )
}

function Icon({ label, onClick, children }: { label: string; onClick: () => void; children: string }) {
  return (
    <Button kind="quiet" className="w-9 px-0" aria-label={label} title={label} onClick={onClick}>
      <span aria-hidden>{children}</span>
    </Button>
  )
}

/** What the picture of a run was called where it came from. */
export function nameOf(run: Run): string {
  const file = typeof run.input.image === 'string' ? run.input.image : ''
  return localOf(file)?.name || run.files[file]?.name || file.slice(0, 13)
}

function Thumb({ run, file }: { run: Run; file: string }) {
  const result = run.output?.image as Result | undefined
  const copy = useQuery({
    queryKey: ['copy', result?.digest, 96],
    queryFn: () => copyOf((result as Result).digest, 96),
    enabled: result !== undefined && localOf(file) === undefined,
    staleTime: 3600_000,
    retry: false,
  })
  const source = localOf(file)?.url ?? copy.data
  return source === undefined ? (
    <div className="size-12 rounded bg-raised" />
  ) : (
    <img src={source} alt="" width={48} height={48} decoding="async" loading="lazy" onError={hide} className="size-12 rounded object-cover" />
  )
}

/** What a browser cannot show leaves its place empty. */
export function hide(event: SyntheticEvent<HTMLImageElement>): void {
  event.currentTarget.style.visibility = 'hidden'
}

/** How far it is, in words and as a part of 1; null = nobody knows. */
export function useLive(run: Run): { text: string; part: number | null } {
  const event = useProgress(run.id)
  const texts = t.enhance.state
  if (run.status === 'succeeded') {
    const result = run.output?.image as Result | undefined
    return { text: result === undefined ? t.runs.states.succeeded : texts.succeeded(result.width, result.height, bytes(result.bytes)), part: 1 }
  }
  if (run.status === 'failed') return { text: run.error?.message ?? texts.failed, part: 1 }
  if (run.status === 'cancelled') return { text: texts.cancelled, part: 1 }
  if (run.status === 'queued' && event?.type !== 'progress') return { text: texts.queued, part: null }
  const told = event?.data ?? {}
  if (told.step === undefined && told.done === undefined) return { text: texts.running, part: null }
  const part = told.tiles !== undefined && told.tiles > 0 ? (told.done ?? 0) / told.tiles : null
  const what = t.enhance.steps[told.step ?? ''] ?? told.step ?? t.enhance.working
  const spent = run.started_at === null ? 0 : (Date.parse(event?.at ?? '') - Date.parse(run.started_at)) / 1000
  const left = part !== null && part > 0.03 && spent > 1 ? duration((spent / part) * (1 - part)) : null
  return { text: texts.doing(part === null ? what : t.enhance.working, part, left), part }
}
