// What happened to a run, on one axis of time: waiting, each step, each attempt; every event folds away.
import type { Run } from '../../api/client'
import { isOver, type RunEvent } from '../../api/runs'
import { t } from '../../texts/en'
import { duration, moment, number } from '../../ui/format'

/** A time in which one thing was done. */
export interface Span {
  name: string
  kind: 'waited' | 'worked' | 'failed'
  /** Seconds since 1970. */
  from: number
  to: number
  tiles: number
}

const STARTS_WAITING = ['queued', 'delayed', 'released', 'requeued', 'retried', 'moved']
const FAILS = ['failed', 'lost', 'dead', 'expired']

/** What the events tell of, in order; the last one goes on until `now` while the run is not over. */
export function spans(events: RunEvent[], over: boolean, now: number): Span[] {
  const found: Span[] = []
  const end = (at: number) => {
    const last = found.at(-1)
    if (last !== undefined && last.to === Infinity) last.to = at
  }
  const begin = (name: string, kind: Span['kind'], from: number) => {
    end(from)
    found.push({ name, kind, from, to: Infinity, tiles: 0 })
  }
  for (const event of events) {
    const at = Date.parse(event.at) / 1000
    const last = found.at(-1)
    if (STARTS_WAITING.includes(event.type)) {
      if (last?.kind !== 'waited' || last.to !== Infinity) begin(t.runs.waited, 'waited', at)
    } else if (event.type === 'started') begin(attempted(event), 'worked', at)
    else if (event.type === 'step') begin(stepOf(event), 'worked', at)
    else if (event.type === 'progress' && last !== undefined) last.tiles = event.data.tiles ?? 0
    else if (FAILS.includes(event.type)) {
      if (last !== undefined && last.to === Infinity) last.kind = 'failed'
      end(at)
    } else if (['done', 'cancelled'].includes(event.type)) end(at)
  }
  end(over ? (found.at(-1)?.from ?? now) : now)
  return found.filter((one, at) => one.to - one.from > 0.0005 || found.length === 1 || at === found.length - 1)
}

function attempted(event: RunEvent): string {
  const { attempt, worker } = event.data
  const again = typeof attempt === 'number' && attempt > 1 ? `, ${t.runs.attempt.toLowerCase()} ${attempt}` : ''
  return `${t.runs.begins}${again}${typeof worker === 'string' ? `, ${t.runs.worker(worker.slice(-6))}` : ''}`
}

const stepOf = (event: RunEvent): string => t.enhance.steps[event.data.step ?? ''] ?? event.data.step ?? ''

export function Timeline({ run, events }: { run: Run; events: RunEvent[] }) {
  const all = spans(events, isOver(run), Date.now() / 1000)
  const first = all[0]?.from ?? 0
  const whole = Math.max(0.001, (all.at(-1)?.to ?? 0) - first)
  const colours = { waited: 'bg-edge', worked: 'bg-accent', failed: 'bg-danger' }
  return (
    <div className="grid gap-3">
      <ol className="grid gap-1">
        {all.map((one, at) => (
          <li key={at} className="grid grid-cols-[minmax(6rem,10rem)_1fr_4rem] items-center gap-x-3">
            <span className="truncate" title={one.name}>
              {one.name}
            </span>
            <span className="relative h-3 rounded bg-raised" aria-hidden>
              <span
                className={`absolute inset-y-0 min-w-0.5 rounded ${colours[one.kind]}`}
                style={{ left: `${(100 * (one.from - first)) / whole}%`, width: `${(100 * (one.to - one.from)) / whole}%` }}
              />
            </span>
            <span className="text-right text-soft" title={one.tiles > 0 ? t.runs.tiles(number(one.tiles)) : undefined}>
              {duration(one.to - one.from)}
            </span>
          </li>
        ))}
      </ol>
      <p className="text-soft">
        {t.runs.took(duration(sum(all, 'waited')), duration(sum(all, 'worked') + sum(all, 'failed')))}
        {run.usage !== null && run.usage.pictures > 0 && `, ${t.runs.made(run.usage.pictures, number(run.usage.pixels / 1e6))}`}
      </p>
      <details>
        <summary className="text-soft">{t.runs.everything(events.length)}</summary>
        <ol className="grid gap-1 pt-2" aria-label={t.runs.timeline}>
          {events.map((event) => (
            <li key={event.number} className="grid grid-cols-[8rem_1fr] gap-3">
              <time className="text-soft">{moment(event.at)}</time>
              <Line event={event} />
            </li>
          ))}
        </ol>
      </details>
    </div>
  )
}

function Line({ event }: { event: RunEvent }) {
  const { image, text, reason } = event.data
  return (
    <div className="min-w-0">
      <span>{sentence(event)}</span>
      {typeof image === 'string' && image.startsWith('data:image/') && <img src={image} alt="" className="checkered max-h-24" />}
      {typeof text === 'string' && <code className="block text-xs whitespace-pre-wrap break-words">{text}</code>}
      {typeof reason === 'string' && <span className="block text-danger break-words">{reason}</span>}
    </div>
  )
}

const sum = (all: Span[], kind: Span['kind']): number => all.reduce((seconds, one) => seconds + (one.kind === kind ? one.to - one.from : 0), 0)

function sentence(event: RunEvent): string {
  const name = t.runs.events[event.type] ?? event.type
  const { step, done, tiles, number: at, of, attempt } = event.data
  if (event.type === 'step') return `${name} ${at ?? ''}/${of ?? ''}: ${step ?? ''}`
  if (event.type === 'progress') return `${name}: ${done ?? 0}/${tiles ?? 0}`
  if (event.type === 'preview' || event.type === 'log') return `${name}: ${step ?? ''}`
  return typeof attempt === 'number' && attempt > 1 ? `${name} (${t.runs.attempt} ${attempt})` : name
}
