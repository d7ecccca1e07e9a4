// The state of a person: whether there are pictures enough, how far learning is.
import type { Person } from '../../api/people'
import { t } from '../../texts/people'
import { Look } from '../../ui/Look'

const LOOKS: Record<Told, [string, string]> = {
  collecting: ['◌', 'text-soft'],
  doubted: ['◐', 'text-warn'],
  training: ['◐', 'text-accent'],
  ready: ['●', 'text-good'],
  failed: ['✕', 'text-danger'],
}
type Told = Person['state'] | 'doubted'

/** `part`: of what is to be learnt; null = it is not known. */
export function State({ person, part }: { person: Person; part: number | null }) {
  const state: Told = person.state === 'collecting' && person.odd.length > 0 ? 'doubted' : person.state
  return <Look look={LOOKS[state]}>{state === 'training' ? t.learning(part) : t.states[state]}</Look>
}
