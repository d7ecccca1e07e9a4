// Which wires fit, by the rules of the server (`pipelines/kinds.py`), so that a page can refuse one
// at once and say why. The server has the last word: it checks each change.
import { type Port, said, words, type Words } from '../pipelines/ports'

/** Why no value of `given` can go into `port`; empty where one may. */
export function refuses(port: Port, given: Port): string {
  return fits(words(port), words(given)) ? '' : `takes a ${said(port)}, not a ${said(given)}`
}

function fits(port: Words, given: Words): boolean {
  switch (port.type) {
    case 'text':
      return ['text', 'model'].includes(given.type) || offers(given, port)
    case 'number':
      return given.type === 'number' ? meet(port, given) : offers(given, port)
    case 'choice':
      return ['choice', 'text', 'number', 'model'].includes(given.type) && offers(port, given)
    case 'tensor':
      return given.type === 'tensor' && same(port.dtype, given.dtype) && sameShape(port.shape, given.shape)
    case 'model':
      return given.type === 'model' ? same(port.task, given.task) : given.type === 'text' || offers(given, port)
    case 'list':
      return given.type === 'list' && fits(words(port.item ?? 'text'), words(given.item ?? 'text'))
    default:
      return given.type === port.type
  }
}

const same = (one: unknown, other: unknown): boolean => one === undefined || other === undefined || one === other

function sameShape(one: Words['shape'], other: Words['shape']): boolean {
  if (one === undefined || other === undefined) return true
  return one.length === other.length && one.every((axis, at) => axis === null || other[at] === null || axis === other[at])
}

/** Whether two ranges have a number in common. */
function meet(one: Words, other: Words): boolean {
  const low = Math.max(one.low ?? -Infinity, other.low ?? -Infinity)
  return low <= Math.min(one.high ?? Infinity, other.high ?? Infinity)
}

/** Whether one of a choice's values is of that kind. */
function offers(choice: Words, kind: Words): boolean {
  return choice.type === 'choice' && (choice.of ?? []).some((value) => isOf(value, kind) === '')
}

/** A port of that kind to begin with, where the kind alone does not say enough. */
export function begunOf(kind: string): Port {
  if (kind === 'choice') return { type: 'choice', of: ['one', 'other'] }
  return kind === 'list' ? { type: 'list', item: 'picture' } : kind
}

/** Why a constant is none of that kind; empty if it is. */
export function isOf(value: unknown, port: Port): string {
  const kind = words(port)
  switch (kind.type) {
    case 'text':
      return typeof value === 'string' ? '' : 'is not a text'
    case 'model':
      return typeof value === 'string' && value.trim() !== '' ? '' : 'is not the name of a model'
    case 'flag':
      return typeof value === 'boolean' ? '' : 'is neither true nor false'
    case 'choice':
      return (kind.of ?? []).includes(value as string) ? '' : `is not one of ${(kind.of ?? []).join(', ')}`
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'is not a number'
      if (kind.integer === true && !Number.isInteger(value)) return 'is not a whole number'
      if (value < (kind.low ?? -Infinity)) return `is below ${kind.low}`
      return value > (kind.high ?? Infinity) ? `is above ${kind.high}` : ''
    case 'list':
      if (!Array.isArray(value)) return 'is not a list'
      return value.map((one) => isOf(one, kind.item ?? 'text')).find((why) => why !== '') ?? ''
    case 'picture':
      return 'is not a picture: it comes from an input or a step'
    default:
      return Array.isArray(value) || typeof value === 'number' ? '' : 'is not an array of numbers'
  }
}
