// What was found of a picture, in words: why it was not taken first, what is good last.
import type { Finding, Picture } from '../../api/people'
import { t } from '../../texts/people'

const LOOKS: Record<Finding['verdict'], [string, string]> = {
  refused: ['✕', 'text-danger'],
  noted: ['◐', 'text-warn'],
  unchecked: ['–', 'text-soft'],
  passed: ['●', 'text-good'],
}
const ORDER = ['refused', 'noted', 'unchecked', 'passed']

/** `known`: pictures that may be named in what was found. */
export function Findings({ findings, known }: { findings: Finding[]; known: Picture[] }) {
  const sorted = findings.toSorted((one, other) => ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict))
  return (
    <ul className="grid gap-1">
      {sorted.map((one) => (
        <li key={one.code} className="grid grid-cols-[1rem_1fr] gap-2 min-w-0">
          <span aria-hidden className={LOOKS[one.verdict][1]}>
            {LOOKS[one.verdict][0]}
          </span>
          <span className="min-w-0 break-words">
            {sentence(one, known)} {measured(one) && <span className="text-soft text-xs">{one.reason}</span>}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** Why a picture was not taken, or what is to be known of it; empty = nothing. */
export const worthSaying = (findings: Finding[]): Finding[] => findings.filter(({ verdict }) => verdict === 'refused' || verdict === 'noted')

function sentence({ code, verdict, reason }: Finding, known: Picture[]): string {
  if (code === 'face' && verdict === 'unchecked') return t.findings.faceUnchecked
  if (verdict === 'passed') return t.findings.passed[code]
  if (code !== 'twin') return t.findings[code]
  const twin = known.find(({ id }) => reason.includes(id))
  return t.findings.twin(twin === undefined || twin.name === '' ? null : twin.name)
}

/** Whether the server's own words say more: numbers, mostly. Ids say nothing to people. */
const measured = ({ code, verdict }: Finding): boolean => code !== 'twin' && verdict !== 'unchecked'
