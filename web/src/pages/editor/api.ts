// What the editor asks of the server: the palette, whether a pipeline is right, versions, runs.
import type { QueryClient } from '@tanstack/react-query'
import { api, data, once, type Run, send } from '../../api/client'
import { base, persist } from '../../api/connection'
import type { components } from '../../api/schema'
import type { Known, Palette, Spec } from './spec'

type Schemas = components['schemas']
/** One thing that is wrong, and where. */
export type Fault = Schemas['Fault']
export type Checked = Omit<Schemas['Checked'], 'pipeline'> & { pipeline: Spec | null }
export type Version = Schemas['PipelineVersion']
/** A pipeline that the server keeps; null where it is another account's, who does not tell. */
export type Published = Omit<Schemas['Pipeline'], 'pipeline'> & { pipeline: Spec | null }

/** JSON that is typed more closely here than in the document of the API. */
const as = <T>(value: unknown): T => value as T

export async function palette(): Promise<Palette> {
  const { steps } = await persist(() => data(api.GET('/v1/steps')))
  return new Map(as<Known[]>(steps).map((one) => [one.name, one]))
}

/** What is wrong with a pipeline, given as a text or as a value. */
export async function check(what: { yaml: string } | { pipeline: Spec }): Promise<Checked> {
  return as(await persist(() => data(api.POST('/v1/pipelines/check', { body: as<Schemas['Written']>(what) }))))
}

/** Run what is written, with the ids of files for pictures. Asked for once, however often it is sent. */
export async function begin(pipeline: Spec, input: Record<string, unknown>): Promise<Run> {
  const body = as<Schemas['RunCreate']>({ pipeline, input, output: { previews: true } })
  return once((header) => data(api.POST('/v1/runs', { params: { header }, body })))
}

/** Keep a pipeline as the next version of its name; the same content is one version, which is not `fresh`. */
export async function publish(pipeline: Spec, alias: string): Promise<{ made: Published; fresh: boolean }> {
  const body = as<Schemas['Publication']>({ pipeline, ...(alias !== '' && { alias }) })
  const { data: made, response } = await persist(() => api.POST('/v1/pipelines', { body }))
  return { made: as(made), fresh: response.status === 201 }
}

/** A pipeline as it is written: `owner/name`, `owner/name@3`, or one that comes with printroom. */
export async function published(id: string): Promise<Published> {
  return (await persist(() => send(new Request(`${base}v1/pipelines/${id}`)))).json() as Promise<Published>
}

/** The newest first. */
export async function versions(owner: string, name: string): Promise<Version[]> {
  const path = { owner, name }
  return (await persist(() => data(api.GET('/v1/pipelines/{owner}/{name}/versions', { params: { path } })))).versions
}

/** Whatever pages hold of pipelines is asked for anew. */
export const renewed = (client: QueryClient): Promise<void> =>
  client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('pipeline') })

/** Let `alias` mean that version from now on. */
export async function move(owner: string, name: string, alias: string, version: number): Promise<void> {
  const path = { owner, name, alias }
  await persist(() => data(api.PUT('/v1/pipelines/{owner}/{name}/aliases/{alias}', { params: { path }, body: { version } })))
}
