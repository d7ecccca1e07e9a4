// Places for the nodes of a graph: columns from left to right, few crossings, wires nearly level.
//
//     sizes of nodes, who feeds whom -> a place for each
//
// Columns by the longest way, order by barycentres, then heights drawn to the mean of the neighbours.
import type { Place } from './edits'
import type { Id } from './spec'

export interface Size {
  width: number
  height: number
}
const ACROSS = 56
const DOWN = 28
/** Pixels that a passing wire takes, one that shall be straight, and any other. */
const WAY = 48
const LANE = 14
/** From the top of a node to its first ports, where most wires end. */
const FIRST = 52
const SWEEPS = 160

/** From a node to another, and how straight it shall be: 1 or more, whole. */
export type Link = [Id, Id, number]

export function arranged(sizes: Map<Id, Size>, edges: Link[]): Record<Id, Place> {
  const links = edges.filter(([from, to]) => sizes.has(from) && sizes.has(to))
  const column = columns([...sizes.keys()], links)
  const { all, ways } = bent(sizes, links, column)
  const rows: Id[][] = []
  for (const id of all.keys()) (rows[column.get(id) ?? 0] ??= []).push(id)
  const beside = neighbours(ways)
  for (let sweep = 0; sweep < SWEEPS; sweep++) reorder(sweep % 2 === 0 ? rows : rows.toReversed(), beside)
  const middle = heights(rows, beside, all)
  const places: Record<Id, Place> = {}
  let x = 0
  for (const row of rows) {
    for (const id of row) if (sizes.has(id)) places[id] = { x, y: Math.round((middle.get(id) ?? 0) - (sizes.get(id)?.height ?? 0) / 2) }
    x += Math.max(0, ...row.map((id) => sizes.get(id)?.width ?? 0)) + ACROSS
  }
  return places
}

/** Longest way from the left; what nothing feeds stands just before what it feeds. */
function columns(all: Id[], links: Link[]): Map<Id, number> {
  const column = new Map(all.map((id) => [id, 0]))
  const at = (id: Id): number => column.get(id) ?? 0
  for (let round = 0; round < all.length; round++) {
    let moved = false
    for (const [from, to] of links) {
      if (at(to) > at(from)) continue
      column.set(to, at(from) + 1)
      moved = true
    }
    if (!moved) break // a circle never rests; the server tells of it
  }
  for (const id of all) {
    const fed = links.filter(([from]) => from === id).map(([, to]) => at(to))
    if (fed.length > 0 && !links.some(([, to]) => to === id)) column.set(id, Math.min(...fed) - 1)
  }
  const least = Math.min(0, ...column.values())
  return new Map([...column].map(([id, number]) => [id, number - least]))
}

/** Long wires take room in each column that they cross, so that they do not pass behind nodes; a wire is
 * there as often as it weighs. */
function bent(sizes: Map<Id, Size>, links: Link[], column: Map<Id, number>): { all: Map<Id, Size>; ways: [Id, Id][] } {
  const all = new Map(sizes)
  const ways: [Id, Id][] = []
  for (const [from, to, weight] of heaviest(links)) {
    let before = from
    for (let at = (column.get(from) ?? 0) + 1; at < (column.get(to) ?? 0); at++) {
      const bend = `${from} ${to} ${at}`
      all.set(bend, { width: 0, height: (weight > 1 ? WAY : LANE) - DOWN })
      column.set(bend, at)
      ways.push(...Array<[Id, Id]>(weight).fill([before, bend]))
      before = bend
    }
    ways.push(...Array<[Id, Id]>(weight).fill([before, to]))
  }
  return { all, ways }
}

/** Of several wires from one node to another, the one that weighs most. */
function heaviest(links: Link[]): Link[] {
  const found = new Map<string, Link>()
  for (const link of links) {
    const key = `${link[0]} ${link[1]}`
    if (link[2] > (found.get(key)?.[2] ?? 0)) found.set(key, link)
  }
  return [...found.values()]
}

function neighbours(links: [Id, Id][]): Map<Id, Id[]> {
  const found = new Map<Id, Id[]>()
  for (const [from, to] of links) {
    found.set(from, [...(found.get(from) ?? []), to])
    found.set(to, [...(found.get(to) ?? []), from])
  }
  return found
}

function reorder(rows: Id[][], beside: Map<Id, Id[]>): void {
  for (let number = 1; number < rows.length; number++) {
    const before = new Map((rows[number - 1] ?? []).map((id, at) => [id, at]))
    const row = rows[number] ?? []
    const own = new Map(row.map((id, at) => [id, mean((beside.get(id) ?? []).flatMap((one) => before.get(one) ?? [])) ?? at]))
    row.sort((one, other) => (own.get(one) ?? 0) - (own.get(other) ?? 0))
  }
}

/** The middle of each node, as near to its neighbours as the order and the gaps allow. */
function heights(rows: Id[][], beside: Map<Id, Id[]>, sizes: Map<Id, Size>): Map<Id, number> {
  const middle = new Map<Id, number>()
  const height = (id: Id): number => (sizes.get(id)?.height ?? 0) + DOWN
  /** From the middle of a node to where its wires end. */
  const above = (id: Id): number => (sizes.get(id)?.width ? FIRST - (sizes.get(id)?.height ?? 0) / 2 : 0)
  for (const row of rows) {
    let y = 0
    for (const id of row) {
      middle.set(id, y + height(id) / 2)
      y += height(id)
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const row of sweep % 2 === 0 ? rows : rows.toReversed()) {
      const wished = row.map((id) => {
        const drawn = mean((beside.get(id) ?? []).map((one) => (middle.get(one) ?? 0) + above(one)))
        return drawn === undefined ? (middle.get(id) ?? 0) : drawn - above(id)
      })
      const found = spread(wished, row.map(height), row.map((id) => beside.get(id)?.length ?? 1))
      row.forEach((id, at) => middle.set(id, found[at] ?? 0))
    }
  }
  return middle
}

/** Places in order and apart, with the least squares of the ways from those wished: neighbours that
 * would overlap are a block at their mean, by `weight`. */
function spread(wished: number[], height: number[], weight: number[]): number[] {
  const starts: number[] = []
  let start = 0
  height.forEach((one, at) => {
    start += at === 0 ? 0 : ((height[at - 1] ?? 0) + one) / 2
    starts.push(start)
  })
  const blocks: { sum: number; weight: number; count: number }[] = []
  wished.forEach((wish, at) => {
    const heft = weight[at] ?? 1
    let block = { sum: (wish - (starts[at] ?? 0)) * heft, weight: heft, count: 1 }
    for (let last = blocks.at(-1); last !== undefined && last.sum / last.weight > block.sum / block.weight; last = blocks.at(-1)) {
      blocks.pop()
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, count: last.count + block.count }
    }
    blocks.push(block)
  })
  return blocks.flatMap((block) => Array<number>(block.count).fill(block.sum / block.weight)).map((base, at) => base + (starts[at] ?? 0))
}

const mean = (values: number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, one) => sum + one, 0) / values.length
