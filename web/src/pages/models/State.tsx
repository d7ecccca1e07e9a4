// The state of a model.
import type { Model } from '../../api/models'
import { t } from '../../texts/models'
import { Look } from '../../ui/Look'

const LOOKS: Record<Model['state'], [string, string]> = {
  verifying: ['◐', 'text-accent'],
  ready: ['●', 'text-good'],
  refused: ['✕', 'text-danger'],
  suspended: ['–', 'text-warn'],
}

export function State({ state }: { state: Model['state'] }) {
  return <Look look={LOOKS[state]}>{t.states[state]}</Look>
}
