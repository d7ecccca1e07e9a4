// Making and taking away wires: which may be, why another may not, and what becomes of the pipeline.
import { said, words } from '../pipelines/ports'
import { refuses } from './kinds'
import {
  EACH, endOf, type End, given, type Id, itemOf, mentioned, nameOf, type Palette, refTo, same, sortOf, type Spec, taken,
  VALUE, WHEN, type Wire, wires,
} from './spec'
import { e } from '../../texts/editor'

/** Why there can be no wire; empty where there can. */
export function refusal(spec: Spec, palette: Palette, from: End, to: End): string {
  const name = nameOf(to.node)
  if (from.node === to.node) return e.wire.itself
  const kind = given(spec, palette, from)
  if (kind === undefined) return e.wire.unknown(refTo(from))
  if (needs(spec, from.node, to.node)) return e.wire.circle(nameOf(from.node), name)
  if (sortOf(to.node) === 'out') return ''
  if (to.port === WHEN) return words(kind).type === 'flag' ? '' : e.wire.noFlag(refTo(from), said(kind))
  if (to.port === EACH) return itemOf(kind) !== undefined ? '' : e.wire.noList(refTo(from), said(kind))
  const port = taken(spec, palette, to)
  if (port === undefined) return e.wire.unknown(`${name}.${to.port}`)
  const why = refuses(port, kind)
  if (why !== '') {
    const item = itemOf(port)
    if (item === undefined || refuses(item, kind) !== '') return e.wire.refused(name, to.port, why)
  }
  const may = words(kind).optional === true && words(port).optional !== true
  return may ? e.wire.nothing(refTo(from)) : ''
}

/** Whether `node` needs what `other` gives, by whatever way. */
function needs(spec: Spec, node: Id, other: Id): boolean {
  const all = wires(spec)
  const seen = new Set<Id>()
  const open = [node]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === other) return true
    if (seen.has(at)) continue
    seen.add(at)
    open.push(...all.filter((one) => one.to.node === at).map((one) => one.from.node))
  }
  return false
}

/** The pipeline with that wire; one that was in the port goes, unless it takes several. */
export function connect(spec: Spec, palette: Palette, from: End, to: End): Spec {
  const ref = refTo(from)
  const name = nameOf(to.node)
  if (sortOf(to.node) === 'out') return { ...spec, outputs: { ...spec.outputs, [name]: ref } }
  const step = spec.steps[name]
  if (step === undefined) return spec
  if (to.port === WHEN) {
    const known = mentioned(step.when ?? '').some((one) => same(one, from))
    return known ? spec : changed(spec, name, { when: step.when === undefined ? ref : `${bracketed(step.when)} and ${ref}` })
  }
  if (to.port === EACH) return changed(spec, name, { each: ref })
  const port = taken(spec, palette, to)
  const kind = given(spec, palette, from)
  const joins = port !== undefined && kind !== undefined && refuses(port, kind) !== ''
  const old = step.with?.[to.port]
  const value = joins ? [...(Array.isArray(old) ? old : endOf(old) === null ? [] : [old]).filter((one) => one !== ref), ref] : ref
  return bind(spec, name, to.port, value)
}

const bracketed = (text: string): string => (/\bor\b/.test(text) ? `(${text})` : text)

/** The pipeline without that wire. */
export function disconnect(spec: Spec, { from, to }: Wire): Spec {
  const ref = refTo(from)
  const name = nameOf(to.node)
  if (sortOf(to.node) === 'out') return { ...spec, outputs: { ...spec.outputs, [name]: '' } }
  const step = spec.steps[name]
  if (step === undefined) return spec
  if (to.port === WHEN) return changed(spec, name, { when: without(step.when ?? '', ref) })
  if (to.port === EACH) return changed(spec, name, { each: undefined })
  const old = step.with?.[to.port]
  const rest = Array.isArray(old) ? old.filter((one) => one !== ref) : []
  return bind(spec, name, to.port, rest.length > 0 ? rest : undefined)
}

/** A condition without a reference that stands alone in it, or among others that must hold too. */
function without(text: string, ref: string): string | undefined {
  const parts = text.split(/\s+and\s+/)
  const rest = parts.filter((part) => part.trim() !== ref)
  if (rest.length === parts.length || /[()]|\bor\b|["']/.test(text)) return text.trim() === ref ? undefined : text
  return rest.length > 0 ? rest.join(' and ') : undefined
}

/** The pipeline with a port of a step bound to `value`; undefined = to its default. */
export function bind(spec: Spec, name: string, port: string, value: unknown): Spec {
  const bound = { ...spec.steps[name]?.with }
  if (value === undefined) delete bound[port]
  else bound[port] = value
  return changed(spec, name, { with: Object.keys(bound).length > 0 ? bound : undefined })
}

/** The pipeline with parts of a step replaced; undefined takes one away. */
export function changed(spec: Spec, name: string, parts: Partial<Spec['steps'][string]>): Spec {
  const old = spec.steps[name]
  if (old === undefined) return spec
  const step = Object.fromEntries(Object.entries({ ...old, ...parts }).filter(([, value]) => value !== undefined))
  return { ...spec, steps: { ...spec.steps, [name]: step as unknown as typeof old } }
}

/** The first pair of ports by which `from` can be joined to `to`: pictures first. */
export function firstFit(spec: Spec, palette: Palette, from: Id, to: Id): [End, End] | null {
  const gives: End[] =
    sortOf(from) === 'in'
      ? [{ node: from, port: VALUE }]
      : Object.keys(palette.get(spec.steps[nameOf(from)]?.use ?? '')?.outputs ?? {}).map((port) => ({ node: from, port }))
  const takes: End[] =
    sortOf(to) === 'out'
      ? [{ node: to, port: VALUE }]
      : Object.entries(palette.get(spec.steps[nameOf(to)]?.use ?? '')?.inputs ?? {})
          .filter(([, port]) => !('default' in words(port)))
          .map(([port]) => ({ node: to, port }))
  for (const one of gives) {
    for (const other of takes) if (refusal(spec, palette, one, other) === '') return [one, other]
  }
  return null
}
