// The state of a run.
import type { Status } from '../../api/runs'
import { t } from '../../texts/en'
import { Look } from '../../ui/Look'

const LOOKS: Record<Status, [string, string]> = {
  queued: ['◌', 'text-soft'],
  running: ['◐', 'text-accent'],
  succeeded: ['●', 'text-good'],
  failed: ['✕', 'text-danger'],
  cancelled: ['–', 'text-soft'],
}

export function State({ status }: { status: Status }) {
  return <Look look={LOOKS[status]}>{t.runs.states[status]}</Look>
}
