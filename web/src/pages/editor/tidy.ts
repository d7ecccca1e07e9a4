// A place for each node of a pipeline, left to right, by the sizes that nodes have on the screen.
import { isPicture, isPictures, type Port, words } from '../pipelines/ports'
import type { Place } from './edits'
import { arranged, type Link, type Size } from './layout'
import { endOf, given, type Id, ids, nameOf, type Palette, sortOf, type Spec, WHEN, type Wire, wires } from './spec'

const WIDTH = { in: 168, step: 224, out: 152 }
const HEAD = 38
const ROW = 26
/** How much straighter the way of pictures is than that of values. */
const STRAIGHT = 8
/** With a thumbnail. */
const MADE = 66

export function arrange(spec: Spec, palette: Palette): Record<Id, Place> {
  const sizes = sizesOf(spec, palette)
  const joined = wires(spec).map((wire): Link => [wire.from.node, wire.to.node, isMain(spec, palette, wire) ? STRAIGHT : 1])
  const fed = new Set(joined.map(([, to]) => to))
  const loose = ids(spec).filter((id) => sortOf(id) === 'out' && !fed.has(id))
  const before = ids(spec).filter((id) => sortOf(id) !== 'out')
  return arranged(sizes, [...joined, ...loose.flatMap((id) => before.map((one): Link => [one, id, 1]))])
}

/** Whether a wire is one that pictures go along. */
const isMain = (spec: Spec, palette: Palette, { from, to }: Wire): boolean => to.port !== WHEN && pictured(given(spec, palette, from))

export const sizesOf = (spec: Spec, palette: Palette): Map<Id, Size> =>
  new Map(ids(spec).map((id) => [id, { width: WIDTH[sortOf(id)], height: height(spec, palette, id) }]))

const pictured = (port: Port | undefined): boolean => port !== undefined && (isPicture(port) || isPictures(port))

/** As high as it is drawn, nearly: a row for each port, and room for how a run went. */
function height(spec: Spec, palette: Palette, id: Id): number {
  const name = nameOf(id)
  if (sortOf(id) === 'in') return HEAD + ROW + (pictured(spec.inputs?.[name]) ? MADE : 0)
  if (sortOf(id) === 'out') {
    const from = endOf(spec.outputs?.[name])
    return HEAD + ROW + (pictured(from === null ? undefined : given(spec, palette, from)) ? MADE : 0)
  }
  const step = spec.steps[name]
  if (step === undefined) return HEAD + ROW
  const known = palette.get(step.use)
  const ports = Object.values(known?.inputs ?? {})
  const needed = ports.filter((port) => !('default' in words(port))).length
  const pairs = Math.max(needed, Object.keys(known?.outputs ?? {}).length)
  const extra = (step.when === undefined ? 0 : 1) + (step.each === undefined ? 0 : 1)
  const shows = Object.values(known?.outputs ?? {}).some(pictured)
  return HEAD + (pairs + ports.length - needed + extra) * ROW + (shows ? MADE : ROW)
}
