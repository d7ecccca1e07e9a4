// What a run will cost, and whether it is to be.
import { t } from '../texts/en'
import { number } from './format'
import { Button } from './parts'

export function Price({ credits, busy, onRun, onCancel }: { credits: number; busy: boolean; onRun: () => void; onCancel: () => void }) {
  return (
    <div role="status" className="grid gap-2 rounded-md border border-edge p-3">
      <p>{t.pipelines.costs(number(credits))}</p>
      <div className="flex flex-wrap gap-2">
        <Button kind="first" disabled={busy} onClick={onRun}>
          {t.pipelines.pay(number(credits))}
        </Button>
        <Button onClick={onCancel}>{t.cancel}</Button>
      </div>
    </div>
  )
}
