// How the examination of a model goes, or went: how far it is, and what was found.
import type { Finding, Model } from '../../api/models'
import { t } from '../../texts/models'
import { duration, moment } from '../../ui/format'
import { Bar, Card, Notice } from '../../ui/parts'

const LOOKS: Record<Finding['verdict'], [string, string]> = {
  passed: ['●', 'text-good'],
  refused: ['✕', 'text-danger'],
  review: ['◐', 'text-warn'],
  unchecked: ['–', 'text-soft'],
}

export function Examination({ model }: { model: Model }) {
  const found = model.examination
  if (found === null) return null
  const under = model.state === 'verifying'
  return (
    <Card title={t.examination}>
      {under && (
        <div role="status" className="grid gap-2">
          <p>{found.stage === null ? t.waiting : t.at(found.stage, found.done, found.of)}</p>
          <Bar part={found.of > 0 ? found.done / found.of : null} label={t.examination} />
        </div>
      )}
      {found.error !== null && <Notice kind="danger">{found.error}</Notice>}
      {found.verdict !== null && (
        <p className={LOOKS[found.verdict][1]}>
          {t.verdicts[found.verdict]}
          {found.verdict === 'passed' && found.expires_at !== null && <span className="text-soft">{` ${t.valid(moment(found.expires_at))}`}</span>}
        </p>
      )}
      <Findings findings={found.findings} folded={found.verdict === 'passed'} />
    </Card>
  )
}

/** What needs a look comes first; what passed folds away once all did. */
function Findings({ findings, folded }: { findings: Finding[]; folded: boolean }) {
  const order = ['refused', 'review', 'unchecked', 'passed']
  const sorted = findings.toSorted((one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict))
  const list = (
    <ul className="grid gap-2">
      {sorted.map((one, at) => (
        <li key={`${one.code} ${at}`} className="grid grid-cols-[1rem_1fr_auto] gap-x-2 min-w-0">
          <span aria-hidden className={LOOKS[one.verdict][1]}>
            {LOOKS[one.verdict][0]}
          </span>
          <span className="min-w-0 break-words">
            <span className="sr-only">{`${t.verdicts[one.verdict]}: `}</span>
            {one.reason} <code className="text-xs text-soft">{one.code}</code>
            {Object.keys(one.evidence).length > 0 && one.verdict !== 'passed' && <code className="block text-xs text-soft break-all">{JSON.stringify(one.evidence)}</code>}
          </span>
          <span className="text-soft text-xs">{duration(one.seconds)}</span>
        </li>
      ))}
    </ul>
  )
  if (findings.length === 0) return null
  return folded ? (
    <details>
      <summary className="text-soft">{findings.length}</summary>
      {list}
    </details>
  ) : (
    list
  )
}
