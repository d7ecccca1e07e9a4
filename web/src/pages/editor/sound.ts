// Whether what comes from a clipboard, or was kept by a browser, has the form of nodes: nothing else is drawn.
import { type Sort, sortOf } from './spec'

type Map_ = Record<string, unknown>
/** What names may be, as the server has it. */
export const NAMES: Record<Sort, RegExp> = { in: /^[A-Za-z_]\w{0,63}$/, step: /^[A-Za-z_][\w-]{0,63}$/, out: /^[A-Za-z_]\w{0,63}$/ }

export function isSound(what: { steps: unknown; inputs?: unknown; outputs?: unknown; places: unknown }): boolean {
  return (
    every(what.steps, (step, name) => NAMES.step.test(name) && isStep(step)) &&
    every(what.inputs ?? {}, (port, name) => NAMES.in.test(name) && isPort(port, 4)) &&
    every(what.outputs ?? {}, (ref, name) => NAMES.out.test(name) && typeof ref === 'string') &&
    every(what.places, (place, id) => ['in', 'step', 'out'].includes(sortOf(id)) && isMap(place) && [place.x, place.y].every(Number.isFinite))
  )
}

const isMap = (value: unknown): value is Map_ => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): boolean => value === undefined || typeof value === 'string'
const every = (value: unknown, holds: (value: unknown, name: string) => boolean): boolean =>
  isMap(value) && Object.entries(value).every(([name, one]) => holds(one, name))

const isStep = (step: unknown): boolean =>
  isMap(step) && typeof step.use === 'string' && (step.with === undefined || isMap(step.with)) && isText(step.when) && isText(step.each)

function isPort(port: unknown, deep: number): boolean {
  if (typeof port === 'string') return true
  if (!isMap(port) || typeof port.type !== 'string' || deep === 0) return false
  const lists = [port.of, port.shape].every((list) => list === undefined || Array.isArray(list))
  return lists && (port.item === undefined || isPort(port.item, deep - 1))
}
