// What the events of a training tell: how far it is, what it measures, what it says.
import type { RunEvent } from '../../api/runs'
import type { Pace } from '../../api/told'

export interface Point {
  step: number
  loss: number | null
  score: number | null
}
export interface Told extends Pace {
  step: number
  of: number
  /** Of a search; 0 = it is none. */
  trial: number
  trials: number
  /** What is tried now. */
  options: string
  /** Of what is tried now. */
  points: Point[]
  /** What the score is of. */
  watched: string
  lines: { number: number; text: string }[]
}

export const NOTHING: Told = { step: 0, of: 0, trial: 0, trials: 0, options: '', part: null, begun: null, at: 0, points: [], watched: '', lines: [] }

/** What is known after one more event. */
export function after(old: Told, event: RunEvent): Told {
  const { type, data } = event
  if (type === 'log' && typeof data.text === 'string') return { ...old, lines: [...old.lines, { number: event.number, text: data.text }] }
  if (type === 'started') return { ...old, begun: null }
  if (type !== 'progress' && type !== 'measure') return old
  const step = numberOf(data.step) ?? 0
  const of = data.of ?? 0
  const trial = numberOf(data.trial) ?? 0
  const trials = numberOf(data.trials) ?? 0
  const here = of > 0 ? Math.min(1, step / of) : 0
  const part = of > 0 || trials > 0 ? (trials > 0 ? (trial - 1 + here) / trials : here) : null
  const at = Date.parse(event.at) / 1000
  const before = trial === old.trial ? old.points : []
  return {
    ...old,
    step,
    of,
    trial,
    trials,
    part,
    at,
    options: written(data.options),
    begun: old.begun ?? (part === null ? null : { part, at }),
    watched: typeof data.watched === 'string' ? data.watched : old.watched,
    points: type === 'measure' ? measured(before, { step, loss: numberOf(data.loss), score: numberOf(data.score) }) : before,
  }
}

/** An attempt that goes on at a checkpoint measures some steps again. */
const measured = (points: Point[], point: Point): Point[] => [...points.filter(({ step }) => step < point.step), point]

const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

const written = (options: unknown): string =>
  typeof options === 'object' && options !== null
    ? Object.entries(options)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(', ')
    : ''
