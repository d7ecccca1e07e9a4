// A pipeline as it is written, and as it lies on the desk: where its nodes are stands in it, or beside it.
import type { Doc, Place } from './edits'
import { type Id, ids, type Palette, type Spec } from './spec'
import { arrange } from './tidy'

/** A pipeline, with where its nodes lie taken out of it. */
export function docOf({ view, ...spec }: Spec): Doc {
  const places = Object.entries(view ?? {}).map(([id, [x, y]]): [Id, Place] => [id, { x, y }])
  return { spec: { ...spec, steps: spec.steps ?? {} }, places: Object.fromEntries(places) }
}

/** The pipeline as it is published: with where its nodes lie. */
export function specOf({ spec, places }: Doc): Spec {
  const view = ids(spec).flatMap((id): [Id, [number, number]][] => {
    const place = places[id]
    return place === undefined ? [] : [[id, [Math.round(place.x), Math.round(place.y)]]]
  })
  return { ...spec, view: Object.fromEntries(view) }
}

/** With a place for each node: the whole is laid out where most have none. */
export function placed(doc: Doc, palette: Palette): Doc {
  const all = ids(doc.spec)
  const missing = all.filter((id) => doc.places[id] === undefined)
  if (missing.length === 0) return doc
  if (missing.length * 2 > all.length) return { ...doc, places: arrange(doc.spec, palette) }
  const known = all.flatMap((id) => doc.places[id] ?? [])
  const left = Math.min(...known.map((place) => place.x))
  const below = Math.max(...known.map((place) => place.y)) + 240
  const rest = missing.map((id, at): [Id, Place] => [id, { x: left + at * 300, y: below }])
  return { ...doc, places: { ...doc.places, ...Object.fromEntries(rest) } }
}

/** Whether two pipelines are the same, as they are written. */
export const alike = (one: Spec, other: Spec): boolean => JSON.stringify(one) === JSON.stringify(other)
