// Ports as they are written in a pipeline and told by the server: what a value has to be.

export interface Words {
  type: string
  /** Ends of a number's range, both included. */
  low?: number
  high?: number
  integer?: boolean
  /** What a choice is of. */
  of?: (string | number | boolean)[]
  shape?: (number | null)[]
  dtype?: string
  /** What a model has to be for. */
  task?: string
  /** What a list is of. */
  item?: Port
  /** A port with one may be left out. */
  default?: unknown
  optional?: boolean
}
/** The shortest way to write it: a kind's name alone, or with its words. */
export type Port = string | Words

export const words = (port: Port): Words => (typeof port === 'string' ? { type: port } : port)
export const isRequired = (port: Port): boolean => !('default' in words(port))
export const isPicture = (port: Port): boolean => words(port).type === 'picture'
export const isPictures = (port: Port): boolean => {
  const { type, item } = words(port)
  return type === 'list' && item !== undefined && isPicture(item)
}

/** A kind for people, after an article: `number from 0 to 1`. */
export function said(port: Port): string {
  const { type, low, high, integer, of, shape, dtype, task, item } = words(port)
  if (type === 'choice') return `choice of ${(of ?? []).join(', ')}`
  if (type === 'list') return `list of ${said(item ?? 'text')}`
  if (type === 'model') return task === undefined ? 'model' : `model for ${task}`
  if (type === 'tensor') {
    const axes = shape === undefined ? '' : ` (${shape.map((one) => one ?? 'any').join(', ')})`
    return `tensor${axes}${dtype === undefined ? '' : ` of ${dtype}`}`
  }
  if (type !== 'number') return type
  const name = integer === true ? 'whole number' : 'number'
  if (low === undefined && high === undefined) return name
  if (high === undefined) return `${name} of at least ${low}`
  return low === undefined ? `${name} of at most ${high}` : `${name} from ${low} to ${high}`
}
