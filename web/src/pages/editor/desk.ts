// All that the editor knows, in one place: the pipeline with its history, the text beside it, what the
// server says of both, what is selected, and the wire that is being made.
//
//     edit -> history -> draft; a moment later -> server: faults, text, stages
//     typed text -> server -> edit; until it can be read, the drawing waits
import { createContext, useContext, useSyncExternalStore } from 'react'
import { e } from '../../texts/editor'
import { check, type Checked, type Fault } from './api'
import { alike, docOf, placed } from './docs'
import { drop, keep, read } from './draft'
import type { Doc } from './edits'
import { byNode, plainly } from './faults'
import { begun, edited, type History, redone, undone } from './history'
import { type End, type Id, ids, nameOf, type Palette, refTo, sortOf, type Spec, VALUE } from './spec'
import { arrange } from './tidy'
import { connect, refusal } from './wiring'
import { keeps, written } from './written'

export interface Wiring {
  end: End
  /** Whether `end` gives, and one that takes is looked for. */
  gives: boolean
}
export interface State {
  history: History<Doc>
  /** The text while somebody writes it; null = it follows the drawing. */
  typed: string | null
  /** The text that goes with the drawing. */
  yaml: string
  /** Whether the drawing shows all of what was typed. */
  whole: boolean
  checked: Checked | null
  faults: ReadonlyMap<Id, Fault[]>
  checking: boolean
  /** Why it could not be checked. */
  trouble: unknown
  selected: readonly Id[]
  /** Counts changes of the selection that did not come from the canvas. */
  chosen: number
  wiring: Wiring | null
  /** The last thing that happened, for all who do not see it. */
  told: string
  /** When the draft was kept that the page began with. */
  restored: number | null
  unkept: boolean
  /** Whether the window is wide enough to change anything in it. */
  wide: boolean
}
const PAUSE = 250

/** Whether it is known to have faults. While it is looked at, a button stays what it was to the hand. */
export const hopeless = ({ whole, checking, checked }: State): boolean => !whole || (!checking && checked?.valid === false)

export class Desk {
  state: State
  private listeners = new Set<() => void>()
  private clock: ReturnType<typeof setTimeout> | undefined
  private asked = 0

  /** `key`: under which the draft is kept; `begin`: what there is without one. */
  constructor(
    readonly key: string,
    readonly palette: Palette,
    private readonly begin: Spec,
  ) {
    const draft = read(key)
    const doc = placed(draft ?? docOf(begin), palette)
    this.state = {
      history: begun(doc), typed: draft?.typed ?? null, yaml: written(doc.spec), whole: draft?.typed == null, checked: null,
      faults: new Map(), checking: true, trouble: null, selected: [], chosen: 0, wiring: null, told: '',
      restored: draft?.at ?? null, unkept: false, wide: true,
    }
    void this.look()
  }

  get doc(): Doc {
    return this.state.history.now
  }
  get spec(): Spec {
    return this.doc.spec
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private set(parts: Partial<State>): void {
    this.state = { ...this.state, ...parts }
    for (const listener of this.listeners) listener()
  }

  /** Change the pipeline; edits with the same `key`, one after the other, are undone at once. */
  edit(said: string, change: (doc: Doc) => Doc, key: string | null = null): void {
    if (!this.state.wide) return this.tell(e.narrow)
    if (!this.state.whole) return this.tell(e.yaml.broken)
    const doc = change(this.doc)
    if (doc === this.doc) return
    const anew = doc.spec !== this.spec
    this.changed(edited(this.state.history, anew ? { ...doc, text: undefined } : doc, said, key), anew)
  }

  /** The same, where places stay as they are. */
  respec(said: string, change: (spec: Spec) => Spec, key: string | null = null): void {
    this.edit(said, (doc) => ({ ...doc, spec: change(doc.spec) }), key)
  }

  undo(): void {
    const last = this.state.history.past.at(-1)
    if (last === undefined) return this.tell(e.nothingToUndo)
    this.changed(undone(this.state.history), true)
    this.tell(e.undid(last.said))
  }

  redo(): void {
    const next = this.state.history.future[0]
    if (next === undefined) return this.tell(e.nothingToRedo)
    this.changed(redone(this.state.history), true)
    this.tell(e.redid(next.said))
  }

  private changed(history: History<Doc>, anew: boolean): void {
    const there = new Set(ids(history.now.spec))
    const selected = this.state.selected.filter((id) => there.has(id))
    this.set({ history, selected, told: '', ...(anew && { typed: history.now.text ?? null, whole: true }) })
    this.save()
    if (anew) this.soon()
  }

  /** Somebody writes the text. */
  type(text: string): void {
    this.set({ typed: text })
    this.save()
    this.soon()
  }

  /** Give up what was typed since the drawing was last changed. */
  untype(): void {
    this.set({ typed: this.doc.text ?? null, whole: true })
    this.save()
    this.soon()
  }

  discard(): void {
    this.edit(e.discarded, () => placed(docOf(this.begin), this.palette))
    this.set({ restored: null })
  }

  /** What is here was published: there is no draft any more. */
  settled(): void {
    drop(this.key)
    this.set({ restored: null })
  }

  private save(): void {
    const { typed, history } = this.state
    const unkept = !keep(this.key, { ...history.now, typed, at: Date.now() })
    if (unkept !== this.state.unkept) this.set({ unkept })
  }

  private soon(): void {
    clearTimeout(this.clock)
    this.clock = setTimeout(() => void this.look(), PAUSE)
  }

  /** Whether what is here can be used as it is. Asks now, as what is known may be of a moment ago. */
  async usable(): Promise<boolean> {
    clearTimeout(this.clock)
    await this.look()
    if (this.state.trouble !== null) throw this.state.trouble
    return !hopeless(this.state)
  }

  /** Ask the server about what is here now. */
  async look(): Promise<void> {
    const { typed } = this.state
    const { spec } = this
    const number = ++this.asked
    this.set({ checking: true })
    try {
      const checked = await (typed === null ? this.ofDrawing(spec) : check({ yaml: typed }))
      if (number !== this.asked) return
      const faults = checked.faults.map((fault) => plainly(fault, typed === null ? spec : checked.pipeline))
      this.set({ checking: false, trouble: null, checked: { ...checked, faults }, faults: byNode(faults) })
      if (typed !== null) this.read(checked)
      else this.set({ yaml: checked.yaml !== null && keeps(spec, checked.pipeline) ? checked.yaml : written(spec) })
    } catch (trouble) {
      if (number === this.asked) this.set({ checking: false, trouble })
    }
  }

  /** With the lines of the text, where there is something to point at. */
  private async ofDrawing(spec: Spec): Promise<Checked> {
    const checked = await check({ pipeline: spec })
    if (checked.valid) return checked
    const whole = checked.yaml !== null && keeps(spec, checked.pipeline)
    const { faults } = await check({ yaml: whole ? (checked.yaml as string) : written(spec) })
    return { ...checked, faults }
  }

  /** Draw what was typed, if it can be. */
  private read({ pipeline, faults }: Checked): void {
    const lost = pipeline === null || faults.some((fault) => fault.form)
    if (lost) return this.set({ whole: false })
    const { spec, places } = docOf(pipeline)
    const text = this.state.typed ?? undefined
    const { history } = this.state
    if (alike(spec, this.spec)) this.set({ whole: true, history: { ...history, now: { ...this.doc, text } } })
    else {
      const doc = placed({ spec, places: { ...this.doc.places, ...places }, text }, this.palette)
      this.set({ whole: true, history: edited(history, doc, e.done.text, 'text') })
    }
    this.save()
  }

  tell(told: string): void {
    this.set({ told })
  }

  /** Whether there is room to change anything. */
  widen(wide: boolean): void {
    if (wide !== this.state.wide) this.set({ wide, wiring: null })
  }

  /** Select nodes from anywhere but the canvas. */
  choose(selected: Id[]): void {
    this.set({ selected, chosen: this.state.chosen + 1 })
  }

  /** The canvas says what is selected. */
  select(selected: Id[]): void {
    if (selected.join() !== this.state.selected.join()) this.set({ selected })
  }

  /** Begin a wire at a port, or end the one that was begun there. */
  pick(end: End, gives: boolean): void {
    const { wiring, wide } = this.state
    if (!wide) return this.tell(e.narrow)
    if (wiring === null || wiring.gives === gives) {
      this.set({ wiring: { end, gives }, told: e.wire.begun(spoken(end)) })
    } else if (gives) this.join(end, wiring.end)
    else this.join(wiring.end, end)
  }

  /** A wire is being drawn from a port. */
  reach(end: End, gives: boolean): void {
    this.set({ wiring: { end, gives } })
  }

  /** Make a wire, or say why there can be none. */
  join(from: End, to: End): void {
    const why = refusal(this.spec, this.palette, from, to)
    if (why !== '') return this.set({ told: why })
    this.set({ wiring: null })
    this.respec(e.done.connect(spoken(from), spoken(to)), (spec) => connect(spec, this.palette, from, to))
    this.tell(e.wire.made(spoken(from), spoken(to)))
  }

  unpick(told = ''): void {
    if (this.state.wiring !== null) this.set({ wiring: null, told })
  }

  tidy(): void {
    this.edit(e.done.tidy, (doc) => ({ ...doc, places: arrange(doc.spec, this.palette) }))
  }
}

/** A port for people. */
export function spoken(end: End): string {
  return sortOf(end.node) === 'in' || end.port === VALUE ? nameOf(end.node) : refTo(end).slice(1).replace(':', '')
}

export const DeskContext = createContext<Desk | null>(null)

export function useDesk(): Desk {
  return useContext(DeskContext) as Desk
}

/** What `select` takes out of the state; it must be the same object while nothing changed. */
export function useSeen<T>(select: (state: State) => T): T {
  const desk = useDesk()
  return useSyncExternalStore(desk.subscribe, () => select(desk.state))
}
