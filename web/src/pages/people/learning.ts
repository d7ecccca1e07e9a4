// How far the learning of a person is, as it is told.
import { useQueryClient } from '@tanstack/react-query'
import type { Person } from '../../api/people'
import type { RunEvent } from '../../api/runs'
import { type Pace, useTold } from '../../api/told'

export interface Learning extends Pace {
  stage: string
}
const NOTHING: Learning = { part: null, begun: null, at: 0, stage: '' }

/** `live`: whether it is asked for; a browser has but six lines to one server. */
export function useLearning(person: Person, live: boolean): Learning {
  const client = useQueryClient()
  return useTold({
    path: live && person.state === 'training' ? `v1/people/${person.id}/events` : null,
    of: String(person.versions[0]?.version),
    empty: NOTHING,
    after,
    onEnd: (last) => {
      if (last.person === undefined) return
      client.setQueryData(['person', person.id], last.person)
      void client.invalidateQueries({ queryKey: ['people'] })
    },
  })
}

function after(old: Learning, event: RunEvent): Learning {
  const { done, stage } = event.data
  if (event.type === 'started') return NOTHING
  if (event.type !== 'progress' || typeof done !== 'number') return old
  const at = Date.parse(event.at) / 1000
  return { part: done, begun: old.begun ?? { part: done, at }, at, stage: typeof stage === 'string' ? stage : '' }
}
