// The way between models and the trainings that make them.
import { t } from '../../texts/trainings'
import { Subpages } from '../../ui/Subpages'

const PAGES = [
  ['/models', t.parts.models],
  ['/trainings', t.parts.trainings],
] as const

export const Parts = () => <Subpages label={t.parts.label} pages={PAGES} />
