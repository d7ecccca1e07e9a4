// What is different between two pipelines, for people; and between two texts, line by line.
import { idOf, type Id, type Spec, type Wire, wires } from './spec'

export type Change = 'added' | 'removed' | 'changed'
export interface Difference {
  /** Nodes that are not the same, with what is different in each: `strength: 0.5, now 0.8`. */
  nodes: Map<Id, { change: Change; what: [string, string, string][] }>
  wires: Map<string, Change>
}

export function difference(before: Spec, after: Spec): Difference {
  const nodes: Difference['nodes'] = new Map()
  const compare = (sort: 'in' | 'step' | 'out', one: Record<string, unknown> = {}, other: Record<string, unknown> = {}) => {
    for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
      const id = idOf(sort, name)
      if (!(name in one)) nodes.set(id, { change: 'added', what: [] })
      else if (!(name in other)) nodes.set(id, { change: 'removed', what: [] })
      else {
        const what = parts(one[name], other[name])
        if (what.length > 0) nodes.set(id, { change: 'changed', what })
      }
    }
  }
  compare('in', before.inputs, after.inputs)
  compare('step', before.steps, after.steps)
  compare('out', before.outputs, after.outputs)
  return { nodes, wires: changedWires(wires(before), wires(after)) }
}

function changedWires(one: Wire[], other: Wire[]): Map<string, Change> {
  const had = new Set(one.map((wire) => wire.id))
  const has = new Set(other.map((wire) => wire.id))
  return new Map([
    ...one.filter((wire) => !has.has(wire.id)).map((wire): [string, Change] => [wire.id, 'removed']),
    ...other.filter((wire) => !had.has(wire.id)).map((wire): [string, Change] => [wire.id, 'added']),
  ])
}

/** Name of each part that is different, what it was, what it is; both may be empty. */
function parts(one: unknown, other: unknown, name = ''): [string, string, string][] {
  if (shown(one) === shown(other)) return []
  if (!isMap(one) || !isMap(other)) return [[name, shown(one), shown(other)]]
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) => parts(one[key], other[key], key === 'with' ? name : key))
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function shown(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export interface Line {
  sign: ' ' | '+' | '-'
  text: string
}

/** The lines of two texts, those in common once: the longest common subsequence. */
export function lines(before: string, after: string): Line[] {
  const one = before.trimEnd().split('\n')
  const other = after.trimEnd().split('\n')
  const longest = one.map(() => new Uint32Array(other.length + 1))
  longest.push(new Uint32Array(other.length + 1))
  const at = (row: number, column: number): number => longest[row]?.[column] ?? 0
  for (let row = one.length - 1; row >= 0; row--) {
    for (let column = other.length - 1; column >= 0; column--) {
      const value = one[row] === other[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1))
      ;(longest[row] as Uint32Array)[column] = value
    }
  }
  const found: Line[] = []
  let row = 0
  let column = 0
  while (row < one.length || column < other.length) {
    if (row < one.length && column < other.length && one[row] === other[column]) {
      found.push({ sign: ' ', text: one[row++] ?? '' })
      column++
    } else if (row < one.length && (column >= other.length || at(row + 1, column) >= at(row, column + 1))) {
      found.push({ sign: '-', text: one[row++] ?? '' })
    } else found.push({ sign: '+', text: other[column++] ?? '' })
  }
  return found
}
