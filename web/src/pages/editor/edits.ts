// Changes of a pipeline as a whole: nodes come, go, get other names, are copied. Each is a function
// from what was there to what is there afterwards, so that the history is a list of these.
import { type Port, words } from '../pipelines/ports'
import {
  endOf, type Id, idOf, isRef, type Known, nameOf, replaced, type Sort, sortOf, type Spec, type Step, wires,
} from './spec'
import { isSound } from './sound'
import { disconnect } from './wiring'

export interface Place {
  x: number
  y: number
}
/** What is edited: the pipeline, and where its nodes lie. */
export interface Doc {
  spec: Spec
  places: Record<Id, Place>
  /** As somebody wrote it, with comments; none = as the server writes it. */
  text?: string
}
/** Nodes that were copied. */
export interface Cut {
  steps: Record<string, Step>
  inputs: Record<string, Port>
  outputs: Record<string, string>
  places: Record<Id, Place>
}

/** A name like `wished` that none of `names` is. */
export function fresh(names: Iterable<string>, wished: string): string {
  const taken = new Set(names)
  const stem = wished.replace(/[^A-Za-z0-9_-]/g, '_').replace(/^[^A-Za-z_]/, '_$&').slice(0, 60)
  if (!taken.has(stem)) return stem
  const base = stem.replace(/\d+$/, '')
  for (let number = 2; ; number++) if (!taken.has(`${base}${number}`)) return `${base}${number}`
}

export function addStep(doc: Doc, known: Known, place: Place): [Doc, Id] {
  const name = fresh(Object.keys(doc.spec.steps), known.name.replace(/@.*/, '').replace(/^.*\//, ''))
  const spec = { ...doc.spec, steps: { ...doc.spec.steps, [name]: { use: known.name } } }
  return [put({ ...doc, spec }, idOf('step', name), place), idOf('step', name)]
}

export function addInput(doc: Doc, port: Port, place: Place): [Doc, Id] {
  const { type } = words(port)
  const name = fresh(Object.keys(doc.spec.inputs ?? {}), type === 'picture' ? 'image' : type)
  const spec = { ...doc.spec, inputs: { ...doc.spec.inputs, [name]: port } }
  return [put({ ...doc, spec }, idOf('in', name), place), idOf('in', name)]
}

export function addOutput(doc: Doc, place: Place): [Doc, Id] {
  const name = fresh(Object.keys(doc.spec.outputs ?? {}), 'image')
  const spec = { ...doc.spec, outputs: { ...doc.spec.outputs, [name]: '' } }
  return [put({ ...doc, spec }, idOf('out', name), place), idOf('out', name)]
}

const put = (doc: Doc, id: Id, place: Place): Doc => ({ ...doc, places: { ...doc.places, [id]: place } })

/** Without those nodes, and without the wires that led to them or away from them. */
export function remove(doc: Doc, gone: Iterable<Id>): Doc {
  const those = new Set(gone)
  let { spec } = doc
  for (const wire of wires(spec)) if (those.has(wire.from.node) && !those.has(wire.to.node)) spec = disconnect(spec, wire)
  const kept = <T>(sort: Sort, record: Record<string, T> = {}) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !those.has(idOf(sort, name))))
  return {
    spec: { ...spec, inputs: kept('in', spec.inputs), steps: kept('step', spec.steps), outputs: kept('out', spec.outputs) },
    places: Object.fromEntries(Object.entries(doc.places).filter(([id]) => !those.has(id))),
  }
}

/** With another name for a node, also wherever it is referred to. */
export function rename(doc: Doc, id: Id, name: string): Doc {
  const sort = sortOf(id)
  const old = nameOf(id)
  const renamed = <T>(record: Record<string, T> = {}) =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key === old ? name : key, value]))
  const { [id]: place, ...places } = doc.places
  const next = place === undefined ? doc.places : { ...places, [idOf(sort, name)]: place }
  if (sort === 'out') return { spec: { ...doc.spec, outputs: renamed(doc.spec.outputs) }, places: next }
  const spec = sort === 'in' ? { ...doc.spec, inputs: renamed(doc.spec.inputs) } : { ...doc.spec, steps: renamed(doc.spec.steps) }
  return { spec: pointed(spec, (ref) => (endOf(ref)?.node === id ? renamedRef(ref, old, name) : ref)), places: next }
}

const renamedRef = (ref: string, old: string, name: string): string => `$${name}${ref.slice(old.length + 1)}`

/** With each reference replaced by what `change` makes of it. */
function pointed(spec: Spec, change: (ref: string) => string): Spec {
  const one = (raw: unknown): unknown => {
    if (Array.isArray(raw)) return raw.map(one)
    return isRef(raw) ? change(raw as string) : raw
  }
  const steps = Object.entries(spec.steps).map(([name, step]) => [name, pointedStep(step, one, change)])
  const outputs = Object.entries(spec.outputs ?? {}).map(([name, raw]) => [name, one(raw)])
  return { ...spec, steps: Object.fromEntries(steps), outputs: Object.fromEntries(outputs) }
}

function pointedStep(step: Step, one: (raw: unknown) => unknown, change: (ref: string) => string): Step {
  const bound = step.with && Object.fromEntries(Object.entries(step.with).map(([port, raw]) => [port, one(raw)]))
  return {
    ...step,
    ...(bound && { with: bound }),
    ...(step.when !== undefined && { when: replaced(step.when, change) }),
    ...(step.each !== undefined && { each: change(step.each) }),
  }
}

/** Those nodes, to be put elsewhere. */
export function copied(doc: Doc, chosen: Iterable<Id>): Cut {
  const those = new Set(chosen)
  const only = <T>(sort: Sort, record: Record<string, T> = {}) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => those.has(idOf(sort, name))))
  return {
    steps: only('step', doc.spec.steps),
    inputs: only('in', doc.spec.inputs),
    outputs: only('out', doc.spec.outputs),
    places: Object.fromEntries(Object.entries(doc.places).filter(([id]) => those.has(id))),
  }
}

/** With copies of nodes under fresh names: wires among them lead to the copies, others to where they
 * led, if that is here. */
export function pasted(doc: Doc, cut: Cut, by: Place): [Doc, Id[]] {
  const renames = new Map<Id, string>()
  const named = (sort: Sort, there: Record<string, unknown> = {}, names: string[]) => {
    const taken = new Set(Object.keys(there))
    for (const name of names) {
      const chosen = fresh(taken, name)
      taken.add(chosen)
      renames.set(idOf(sort, name), chosen)
    }
  }
  named('in', doc.spec.inputs, Object.keys(cut.inputs))
  named('step', doc.spec.steps, Object.keys(cut.steps))
  named('out', doc.spec.outputs, Object.keys(cut.outputs))
  const fit = (sort: Sort, name: string): string => renames.get(idOf(sort, name)) ?? name
  const moved = pointed({ name: '', steps: cut.steps, outputs: cut.outputs }, (ref) => {
    const end = endOf(ref)
    const name = end === null ? undefined : renames.get(end.node)
    return end === null || name === undefined ? ref : renamedRef(ref, nameOf(end.node), name)
  })
  const spec: Spec = {
    ...doc.spec,
    inputs: { ...doc.spec.inputs, ...Object.fromEntries(Object.entries(cut.inputs).map(([name, port]) => [fit('in', name), port])) },
    steps: { ...doc.spec.steps, ...Object.fromEntries(Object.entries(moved.steps).map(([name, step]) => [fit('step', name), step])) },
    outputs: { ...doc.spec.outputs, ...Object.fromEntries(Object.entries(moved.outputs ?? {}).map(([name, raw]) => [fit('out', name), raw])) },
  }
  const chosen = [...renames].map(([id, name]) => idOf(sortOf(id), name))
  const places = { ...doc.places }
  for (const [id, name] of renames) {
    const old = cut.places[id] ?? { x: 0, y: 0 }
    places[idOf(sortOf(id), name)] = { x: old.x + by.x, y: old.y + by.y }
  }
  const known = new Set([...Object.keys(spec.inputs ?? {}).map((name) => idOf('in', name)), ...Object.keys(spec.steps).map((name) => idOf('step', name))])
  const lost = wires(spec).filter((wire) => chosen.includes(wire.to.node) && !known.has(wire.from.node))
  return [{ spec: lost.reduce(disconnect, spec), places }, chosen]
}

/** Whether a text from the clipboard holds nodes; null where it does not. */
export function cutOf(text: string): Cut | null {
  try {
    const { printroom: cut } = JSON.parse(text) as { printroom?: Cut }
    return cut !== undefined && isSound(cut) ? { ...cut, inputs: cut.inputs ?? {}, outputs: cut.outputs ?? {} } : null
  } catch {
    return null
  }
}
