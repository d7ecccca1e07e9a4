// Pipelines as the server tells them.
import { api, data, send } from '../../api/client'
import { base } from '../../api/connection'
import type { components } from '../../api/schema'
import type { Port } from './ports'

export type Line = components['schemas']['PipelineLine']
export type Known = Omit<Line, 'inputs' | 'outputs'> & {
  /** Null = it is another account's, who does not tell how it is made. */
  yaml: string | null
  inputs: Record<string, Port>
  /** Null = it cannot be run any more, see `fault`. */
  outputs: Record<string, Port> | null
}

/** All that there are, page by page. */
export async function pipelines(): Promise<Line[]> {
  const found: Line[] = []
  for (let after: string | undefined; ; ) {
    const page = await data(api.GET('/v1/pipelines', { params: { query: { after } } }))
    found.push(...page.pipelines)
    if (page.next === null) return found
    after = page.next
  }
}

/** `name`, or `owner/name`, with or without a version. */
export async function pipeline(name: string): Promise<Known> {
  return (await (await send(new Request(`${base}v1/pipelines/${name}`))).json()) as Known
}

/** The part of an address of the studio that names it. */
export const pathOf = ({ owner, name }: Pick<Line, 'owner' | 'name'>): { owner: string; name: string } => ({ owner, name })

/** The owner of what comes with printroom, which has no versions. */
export const SHIPPED = 'printroom'

/** Whether it is another account's, which may ask for something. */
export const isOthers = ({ owner, yaml }: Known): boolean => owner !== SHIPPED && yaml === null
