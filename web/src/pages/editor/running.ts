// A run of what is on the desk: asked for, followed, stopped; what each node made, as it is made.
//
//     pipeline, values -> files sent -> run -> events -> how far each node is, its thumbnail, the result
import { createContext, useContext, useSyncExternalStore } from 'react'
import { api, data, type Run } from '../../api/client'
import { persist } from '../../api/connection'
import { isOver, listen, type RunEvent } from '../../api/runs'
import { isPicture } from '../pipelines/ports'
import { sentValues } from '../pipelines/values'
import { begin } from './api'
import { endOf, type Id, idOf, nameOf, type Palette, sortOf, type Spec } from './spec'

export interface Done {
  state: 'waiting' | 'doing' | 'done' | 'skipped'
  /** 0 to 1 of what it has to do. */
  part: number
  /** What it made, small; null where that is no picture, or not known yet. */
  image: string | null
}
export interface Running {
  run: Run | null
  nodes: ReadonlyMap<Id, Done>
  log: readonly string[]
  /** Between the button and the run. */
  busy: boolean
  fault: unknown
}
const NOTHING: Running = { run: null, nodes: new Map(), log: [], busy: false, fault: null }
const WAITING: Done = { state: 'waiting', part: 0, image: null }
const MOST_LOGGED = 200

export class Runner {
  state = NOTHING
  private listeners = new Set<() => void>()
  private leave: () => void = () => undefined

  private spec: Spec = { name: '', steps: {} }
  private stages: string[][] = []

  constructor(private readonly palette: Palette) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private set(parts: Partial<Running>): void {
    this.state = { ...this.state, ...parts }
    for (const listener of this.listeners) listener()
  }

  /** Run `spec`, of which those `stages` run as one; files among the values are sent before. */
  async begin(spec: Spec, stages: string[][], values: Record<string, unknown>): Promise<void> {
    this.end()
    this.spec = spec
    this.stages = stages
    this.set({ ...NOTHING, busy: true })
    try {
      const input = await sentValues(spec.inputs ?? {}, values)
      const run = await begin(spec, input)
      this.set({ run, busy: false, nodes: new Map(Object.keys(spec.steps).map((name) => [idOf('step', name), WAITING])) })
      this.leave = listen(run.id, (event) => this.heard(event))
      void this.showGiven(run.id, values)
    } catch (fault) {
      this.set({ busy: false, fault })
    }
  }

  async stop(): Promise<void> {
    const { run } = this.state
    if (run === null || isOver(run)) return
    this.set({ run: await persist(() => data(api.POST('/v1/runs/{id}/cancel', { params: { path: { id: run.id } } }))) })
  }

  /** Listen no more. */
  end(): void {
    this.leave()
    this.leave = () => undefined
  }

  private heard({ type, data: { step, done, tiles, image, text }, run }: RunEvent): void {
    if (type === 'started' && this.state.run?.status === 'queued') this.set({ run: { ...this.state.run, status: 'running' } })
    if (step !== undefined && type === 'step') this.reached(step, 0)
    if (step !== undefined && type === 'progress') this.reached(step, (done ?? 0) / Math.max(1, tiles ?? 1))
    if (step !== undefined && type === 'preview' && typeof image === 'string' && image.startsWith('data:image/')) this.made(step, image)
    if (type === 'log' && typeof text === 'string') {
      this.set({ log: [...this.state.log.slice(1 - MOST_LOGGED), step === undefined ? text : `${step}: ${text}`] })
    }
    if (run !== undefined) this.over(run)
  }

  /** Pictures that were given, small, at their inputs; what this browser cannot read is not shown. */
  private async showGiven(run: string, values: Record<string, unknown>): Promise<void> {
    for (const [name, value] of Object.entries(values)) {
      const file = Array.isArray(value) ? (value[0] as unknown) : undefined
      const image = file instanceof File ? await small(file) : null
      if (image !== null && this.state.run?.id === run) this.note(idOf('in', name), { state: 'done', part: 1, image })
    }
  }

  /** A step works. Those of its stage work with it, but for such as may be skipped; all others that
   * worked are done. */
  private reached(step: string, part: number): void {
    const stage = this.stages.find((one) => one.includes(step)) ?? [step]
    const nodes = new Map(this.state.nodes)
    for (const [id, one] of nodes) {
      const name = nameOf(id)
      const here = name === step || (stage.includes(name) && (one.state === 'doing' || (part > 0 && this.spec.steps[name]?.when === undefined)))
      if (here) nodes.set(id, { ...one, state: 'doing', part })
      else if (one.state === 'doing' && !stage.includes(name)) nodes.set(id, { ...one, state: 'done', part: 1 })
    }
    this.set({ nodes })
  }

  /** A step has a picture, and so have the outputs that it leads to. */
  private made(step: string, image: string): void {
    this.note(idOf('step', step), { image })
    for (const [name, ref] of Object.entries(this.spec.outputs ?? {})) {
      if (endOf(ref)?.node === idOf('step', step)) this.note(idOf('out', name), { image })
    }
  }

  private note(id: Id, parts: Partial<Done>): void {
    this.set({ nodes: new Map(this.state.nodes).set(id, { ...(this.state.nodes.get(id) ?? WAITING), ...parts }) })
  }

  private over(run: Run): void {
    const nodes = new Map<Id, Done>()
    for (const [id, one] of this.state.nodes) {
      const step = this.spec.steps[nameOf(id)]
      const shows = Object.values(this.palette.get(step?.use ?? '')?.outputs ?? {}).some(isPicture)
      const skipped = sortOf(id) === 'step' && one.image === null && step?.when !== undefined && shows
      if (run.status !== 'succeeded') nodes.set(id, one.state === 'doing' ? { ...one, state: 'waiting' } : one)
      else nodes.set(id, { ...one, state: skipped ? 'skipped' : 'done', part: 1 })
    }
    this.set({ run, nodes })
  }
}

const SIDE = 256

/** A data URI of at most SIDE pixels. */
async function small(file: File): Promise<string | null> {
  try {
    const picture = await createImageBitmap(file)
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(picture.width * scale))
    canvas.height = Math.max(1, Math.round(picture.height * scale))
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
    picture.close()
    return canvas.toDataURL('image/webp')
  } catch {
    return null
  }
}

export const RunnerContext = createContext<Runner | null>(null)

export function useRunner(): Runner {
  return useContext(RunnerContext) as Runner
}

/** What `select` takes out of the state of the run. */
export function useRunning<T>(select: (state: Running) => T): T {
  const runner = useRunner()
  return useSyncExternalStore(runner.subscribe, () => select(runner.state))
}

/** How far a node is; undefined where nothing was run. */
export const useDone = (id: Id): Done | undefined => useRunning((state) => state.nodes.get(id))
