// What the server says is wrong with a pipeline, by the node that it is at.
import { e } from '../../texts/editor'
import type { Fault } from './api'
import { type Id, idOf, type Spec } from './spec'

/** Of what belongs to no node. */
export const WHOLE: Id = 'all:'

/** An output that nothing leads to is no fault of writing, here where nobody writes. */
export function plainly(fault: Fault, spec: Spec | null): Fault {
  const [room, name = ''] = fault.place.split('.')
  return room === 'outputs' && spec?.outputs?.[name] === '' ? { ...fault, reason: e.node.unfed, remedy: '' } : fault
}

export function byNode(faults: Fault[]): Map<Id, Fault[]> {
  const found = new Map<Id, Fault[]>()
  for (const fault of faults) {
    const id = nodeOf(fault)
    found.set(id, [...(found.get(id) ?? []), fault])
  }
  return found
}

/** The node that a fault is at. */
export function nodeOf({ step, place }: Fault): Id {
  if (step !== null) return idOf('step', step)
  const [room, name] = place.split('.')
  if (name !== undefined && room === 'inputs') return idOf('in', name)
  return name !== undefined && room === 'outputs' ? idOf('out', name) : WHOLE
}
