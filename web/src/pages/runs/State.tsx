// The state of a run: a word, a colour, and a shape for those who see no colours.
import type { Status } from '../../api/runs'
import { t } from '../../texts/en'

const LOOKS: Record<Status, [string, string]> = {
  queued: ['◌', 'text-soft'],
  running: ['◐', 'text-accent'],
  succeeded: ['●', 'text-good'],
  failed: ['✕', 'text-danger'],
  cancelled: ['–', 'text-soft'],
}

export function State({ status }: { status: Status }) {
  const [shape, colour] = LOOKS[status]
  return (
    <span className={`inline-flex items-center gap-2 ${colour}`}>
      <span aria-hidden>{shape}</span>
      {t.runs.states[status]}
    </span>
  )
}
