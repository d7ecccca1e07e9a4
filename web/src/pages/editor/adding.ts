// Nodes come to the desk and go: where a new one lies, and what it is joined to.
import type { Edge } from '@xyflow/react'
import { e } from '../../texts/editor'
import { cut } from './Canvas'
import type { Desk } from './desk'
import { addInput, addOutput, addStep, copied, type Cut, pasted, type Place, remove } from './edits'
import { begunOf } from './kinds'
import type { What } from './Palette'
import { type Id, nameOf } from './spec'
import { sizesOf } from './tidy'
import { connect, firstFit } from './wiring'

/** Where a node lies that is added in sight. */
export function middle(canvas: HTMLElement | null, toFlow: (at: Place) => Place): Place {
  const box = canvas?.getBoundingClientRect()
  return box === undefined ? { x: 0, y: 0 } : toFlow({ x: box.left + box.width / 2 - 120, y: box.top + box.height / 2 - 60 })
}

/** Whether all that is selected can be seen. */
export function inSight(desk: Desk, canvas: HTMLElement | null, toFlow: (at: Place) => Place): boolean {
  const box = canvas?.getBoundingClientRect()
  if (box === undefined) return true
  const first = toFlow({ x: box.left, y: box.top })
  const last = toFlow({ x: box.right, y: box.bottom })
  return desk.state.selected.every((id) => {
    const { x, y } = desk.doc.places[id] ?? first
    return x >= first.x && y >= first.y && x + 260 <= last.x && y + 160 <= last.y
  })
}

/** Add a node, to the right of the one that is selected and joined to it where that can be. */
export function adding(desk: Desk, what: What, at: Place): void {
  const [sort = '', kind = ''] = [what.slice(0, what.indexOf(':')), what.slice(what.indexOf(':') + 1)]
  const known = desk.palette.get(kind)
  const before = desk.state.selected.length === 1 ? desk.state.selected[0] : undefined
  const beside = before !== undefined && sort !== 'in' ? desk.doc.places[before] : undefined
  const place = free(desk, beside === undefined ? at : { x: beside.x + 320, y: beside.y })
  let id: Id = ''
  desk.edit(e.done.add(kind || e.palette.output.toLowerCase()), (doc) => {
    const [made, added] = sort === 'step' && known !== undefined ? addStep(doc, known, place) : sort === 'in' ? addInput(doc, begunOf(kind), place) : addOutput(doc, place)
    id = added
    const ends = before === undefined || sort === 'in' ? null : firstFit(made.spec, desk.palette, before, added)
    return ends === null ? made : { ...made, spec: connect(made.spec, desk.palette, ...ends) }
  })
  if (id !== '') desk.choose([id])
}

/** A place at which no node lies, from the one wished for downwards. */
function free(desk: Desk, wished: Place): Place {
  const { spec, places } = desk.doc
  const taken = [...sizesOf(spec, desk.palette)].flatMap(([id, size]) => (places[id] === undefined ? [] : [{ ...places[id], ...size }]))
  const [width, height] = [250, 150]
  let y = Math.round(wished.y)
  const x = Math.round(wished.x)
  for (let round = 0; round < taken.length; round++) {
    const under = taken.find((one) => one.x < x + width && x < one.x + one.width && one.y < y + height && y < one.y + one.height)
    if (under === undefined) break
    y = under.y + under.height + 28
  }
  return { x, y }
}

export function deleteChosen(desk: Desk, edges: Edge[]): void {
  const { selected } = desk.state
  if (selected.length === 0) return cut(desk, edges.filter((edge) => edge.selected))
  desk.edit(e.done.remove(selected.length, nameOf(selected[0] ?? '')), (doc) => remove(doc, selected))
  desk.choose([])
}

export function paste(desk: Desk, what: Cut, said: (count: number) => string): void {
  let ids: Id[] = []
  const count = Object.keys(what.steps).length + Object.keys(what.inputs).length + Object.keys(what.outputs).length
  if (count === 0) return
  desk.edit(said(count), (doc) => {
    const [made, chosen] = pasted(doc, what, { x: 40, y: 64 })
    ids = chosen
    return made
  })
  desk.choose(ids)
}

export function duplicate(desk: Desk): void {
  paste(desk, copied(desk.doc, desk.state.selected), e.done.duplicate)
}
