// Pipelines as the server tells them: its document leaves their shape open.
import { api, data } from '../../api/client'

export interface Line {
  id: string
  name: string
  version: number | null
  title: string
}
export interface Schema {
  type?: string
  description?: string
  format?: string
  pattern?: string
  enum?: (string | number)[]
  default?: unknown
  minimum?: number
  maximum?: number
  items?: Schema
}
export interface Known extends Line {
  inputs: Record<string, { type: string }>
  outputs: Record<string, { type: string }>
  schema: { input: { properties: Record<string, Schema>; required: string[] } }
}

export async function pipelines(): Promise<Line[]> {
  const found = await data(api.GET('/v1/pipelines'))
  return (found as { pipelines: Line[] }).pipelines
}

export async function pipeline(name: string): Promise<Known> {
  return (await data(api.GET('/v1/pipelines/{name}', { params: { path: { name } } }))) as unknown as Known
}

/** Whether an input is a picture, or a list of them. */
export const isPicture = (schema: Schema): boolean => schema.format === 'uri' && schema.pattern === '^data:'
export const isPictures = (schema: Schema): boolean => schema.items !== undefined && isPicture(schema.items)
