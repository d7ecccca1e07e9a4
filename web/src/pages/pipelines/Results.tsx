// What came of a run: each output by its name, pictures with a way to look closely, beside the one that
// was given.
import { lazy, type ReactNode, Suspense, useState } from 'react'
import type { Result, Run } from '../../api/client'
import { t } from '../../texts/en'
import { Button, Loading } from '../../ui/parts'
import { useModal } from '../../ui/Sheet'
import { Values } from '../runs/OneRun'

const Pair = lazy(() => import('../enhance/Result').then((module) => ({ default: module.Pair })))

export function Results({ run }: { run: Run }) {
  const [closely, setClosely] = useState<[string, Result] | null>(null)
  const pictures = Object.entries(run.output ?? {}).filter((one): one is [string, Result] => isPicture(one[1]))
  const given = Object.values(run.input).find((value) => typeof value === 'string' && value.startsWith('file_'))
  return (
    <>
      <Values values={run.output ?? {}} />
      {typeof given === 'string' &&
        pictures.map((one) => (
          <div key={one[0]}>
            <Button onClick={() => setClosely(one)}>{pictures.length === 1 ? t.pipelines.closely : `${t.pipelines.closely}: ${one[0]}`}</Button>
          </div>
        ))}
      {closely !== null && typeof given === 'string' && (
        <Whole label={closely[0]} onClose={() => setClosely(null)}>
          <Suspense fallback={<Loading />}>
            <Pair file={given} result={closely[1]} />
          </Suspense>
        </Whole>
      )}
    </>
  )
}

const isPicture = (value: unknown): boolean => typeof value === 'object' && value !== null && 'digest' in value && 'width' in value

/** A dialog as large as the window. */
function Whole({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  const dialog = useModal()
  return (
    <dialog ref={dialog} aria-label={label} onClose={onClose} className="h-full max-h-none w-full max-w-none border-0 bg-ground p-0">
      <div className="grid h-full grid-rows-[auto_minmax(0,1fr)]">
        <div className="flex items-center justify-between gap-2 border-b border-line px-3 py-2">
          <h2>{label}</h2>
          <Button onClick={onClose}>{t.keys.close}</Button>
        </div>
        {children}
      </div>
    </dialog>
  )
}
