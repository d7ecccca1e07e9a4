// What was found in a picture, in the words of the step that looked at it.
import type { Run } from '../../api/client'
import { t } from '../../texts/en'

interface Finding {
  found: boolean
  severity: number
  fix: string | null
  reason: string
}

export function Findings({ run }: { run: Run }) {
  const report = reportOf(run)
  const wanted = typeof run.input.fix === 'string' ? run.input.fix : 'auto'
  const found = Object.entries(report ?? {}).filter(([, finding]) => finding.found)
  return (
    <section aria-label={t.enhance.found} className="grid max-h-40 content-start gap-1 overflow-y-auto border-t border-line px-3 py-2">
      <h2>{t.enhance.found}</h2>
      {found.length === 0 && <p className="text-soft">{report === null ? String(run.output?.why ?? '') : t.enhance.clean}</p>}
      <ul className="grid gap-1">
        {found.map(([fault, finding]) => {
          const mended = finding.fix !== null && (wanted === 'auto' || wanted.split(',').includes(finding.fix))
          const enlarged = fault === 'low_resolution' && run.input.scale !== 1
          return (
            <li key={fault} className="flex flex-wrap gap-x-2">
              <span className="font-semibold">{t.enhance.faults[fault] ?? fault}</span>
              <span className={mended || enlarged ? 'text-good' : 'text-warn'}>{mended || enlarged ? t.enhance.mended : t.enhance.left}</span>
              <span className="text-soft">{finding.reason}</span>
            </li>
          )
        })}
      </ul>
      {wanted !== 'auto' && <p className="text-soft text-xs">{t.enhance.asked}</p>}
    </section>
  )
}

/** The report of a run; null where a server of another version gave none. */
function reportOf(run: Run): Record<string, Finding> | null {
  try {
    const found = JSON.parse(String(run.output?.report)) as { faults: Record<string, Finding> }
    return found.faults
  } catch {
    return null
  }
}
