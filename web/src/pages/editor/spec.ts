// A pipeline as it is written, and the graph in it: spec -> nodes, wires between their ports.
import type { components } from '../../api/schema'
import { type Port, words } from '../pipelines/ports'

export interface Step {
  use: string
  with?: Record<string, unknown>
  when?: string
  each?: string
}
export interface Spec {
  name: string
  title?: string
  description?: string
  inputs?: Record<string, Port>
  steps: Record<string, Step>
  outputs?: Record<string, string>
  /** Where an editor draws what: node -> x, y. Neither its meaning nor its digest. */
  view?: Record<Id, [number, number]>
}
/** A step of the palette. */
export type Known = Omit<components['schemas']['PaletteStep'], 'inputs' | 'outputs'> & {
  inputs: Record<string, Port>
  outputs: Record<string, Port>
}
export type Palette = Map<string, Known>

/** `in`, `step` and `out` are different rooms for names. */
export type Sort = 'in' | 'step' | 'out'
/** `step:clean`, `in:image`, `out:image`. */
export type Id = string
export interface End {
  node: Id
  /** Name of a port; VALUE of an input or output; WHEN or EACH of a step. */
  port: string
}
export interface Wire {
  id: string
  from: End
  to: End
}
export const VALUE = ':value'
export const WHEN = ':when'
export const EACH = ':each'
export const ITEM = '$each'

export const idOf = (sort: Sort, name: string): Id => `${sort}:${name}`
export const sortOf = (id: Id): Sort => id.slice(0, id.indexOf(':')) as Sort
export const nameOf = (id: Id): string => id.slice(id.indexOf(':') + 1)

export function ids(spec: Spec): Id[] {
  return [
    ...Object.keys(spec.inputs ?? {}).map((name) => idOf('in', name)),
    ...Object.keys(spec.steps).map((name) => idOf('step', name)),
    ...Object.keys(spec.outputs ?? {}).map((name) => idOf('out', name)),
  ]
}

const REF = /^\$([A-Za-z_][\w-]*)(?:\.([A-Za-z_]\w*))?$/
/** References and texts in quotes: what is in quotes is none. */
const MENTIONED = /"[^"]*"|'[^']*'|\$([A-Za-z_][\w-]*)(?:\.([A-Za-z_]\w*))?/g

/** Where a reference leads; null for what is none, and for `$each`. */
export function endOf(raw: unknown): End | null {
  const found = typeof raw === 'string' && raw !== ITEM ? REF.exec(raw) : null
  if (found === null) return null
  const [, name = '', port] = found
  return port === undefined ? { node: idOf('in', name), port: VALUE } : { node: idOf('step', name), port }
}

/** The reference to a port that gives something. */
export const refTo = ({ node, port }: End): string => (sortOf(node) === 'in' ? `$${nameOf(node)}` : `$${nameOf(node)}.${port}`)

export const isRef = (raw: unknown): boolean => typeof raw === 'string' && raw.startsWith('$') && !raw.startsWith('$$')
/** Whether what is written is known only when the pipeline runs. */
export const isOpen = (raw: unknown): boolean =>
  isRef(raw) || (typeof raw === 'object' && raw !== null && (Array.isArray(raw) ? raw.some(isOpen) : true))

/** References in a condition, in its order. */
export function mentioned(text: string): End[] {
  const found = [...text.matchAll(MENTIONED)].map((match) => endOf(match[0]))
  return found.filter((end, at) => end !== null && found.findIndex((one) => one !== null && same(one, end)) === at) as End[]
}

/** The condition with each reference replaced by what `change` makes of it. */
export const replaced = (text: string, change: (ref: string) => string): string =>
  text.replace(MENTIONED, (match) => (match.startsWith('$') ? change(match) : match))

export const same = (one: End, other: End): boolean => one.node === other.node && one.port === other.port
const wire = (from: End, to: End): Wire => ({ id: `${from.node}/${from.port}>${to.node}/${to.port}`, from, to })

const known = new WeakMap<Spec, Wire[]>()

/** Every wire, also those whose ends are not there. */
export function wires(spec: Spec): Wire[] {
  const found = known.get(spec) ?? wiresIn(spec)
  known.set(spec, found)
  return found
}

function wiresIn(spec: Spec): Wire[] {
  const found: Wire[] = []
  for (const [name, step] of Object.entries(spec.steps)) {
    const node = idOf('step', name)
    const add = (from: End | null, port: string) => from !== null && found.push(wire(from, { node, port }))
    for (const [port, raw] of Object.entries(step.with ?? {})) {
      for (const one of Array.isArray(raw) ? raw : [raw]) add(endOf(one), port)
    }
    for (const end of mentioned(step.when ?? '')) add(end, WHEN)
    add(endOf(step.each), EACH)
  }
  for (const [name, raw] of Object.entries(spec.outputs ?? {})) {
    const from = endOf(raw)
    if (from !== null) found.push(wire(from, { node: idOf('out', name), port: VALUE }))
  }
  return [...new Map(found.map((one) => [one.id, one])).values()]
}

/** What a port that gives something gives; undefined where that is not known. */
export function given(spec: Spec, palette: Palette, end: End): Port | undefined {
  if (sortOf(end.node) === 'in') return spec.inputs?.[nameOf(end.node)]
  const step = spec.steps[nameOf(end.node)]
  const port = step && palette.get(step.use)?.outputs[end.port]
  return step?.each !== undefined && port !== undefined ? { type: 'list', item: port } : port
}

/** What a port that takes something takes; undefined where that is not known, or all may go in. */
export function taken(spec: Spec, palette: Palette, end: End): Port | undefined {
  const step = spec.steps[nameOf(end.node)]
  return step && palette.get(step.use)?.inputs[end.port]
}

/** Every port that gives something, in the order of the pipeline. */
export function sources(spec: Spec, palette: Palette): End[] {
  return [
    ...Object.keys(spec.inputs ?? {}).map((name) => ({ node: idOf('in', name), port: VALUE })),
    ...Object.entries(spec.steps).flatMap(([name, step]) =>
      Object.keys(palette.get(step.use)?.outputs ?? {}).map((port) => ({ node: idOf('step', name), port })),
    ),
  ]
}

/** The kind of the items of a list. */
export const itemOf = (port: Port): Port | undefined => (words(port).type === 'list' ? words(port).item : undefined)
