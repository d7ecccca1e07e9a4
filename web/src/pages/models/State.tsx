// The state of a model: a word, a colour, and a shape for those who see no colours.
import type { Model } from '../../api/models'
import { t } from '../../texts/models'

const LOOKS: Record<Model['state'], [string, string]> = {
  verifying: ['◐', 'text-accent'],
  ready: ['●', 'text-good'],
  refused: ['✕', 'text-danger'],
  suspended: ['–', 'text-warn'],
}

export function State({ state }: { state: Model['state'] }) {
  const [shape, colour] = LOOKS[state]
  return (
    <span className={`inline-flex items-center gap-2 ${colour}`}>
      <span aria-hidden>{shape}</span>
      {t.states[state]}
    </span>
  )
}
