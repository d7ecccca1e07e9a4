// Options by name and value, for what a form does not ask.
import { t } from '../../texts/trainings'
import { Button, Card, FIELD, Field } from '../../ui/parts'

export interface Other {
  name: string
  value: string
}

export function Others({ others, onChange }: { others: Other[]; onChange: (others: Other[]) => void }) {
  const change = (at: number, now: Partial<Other>) => onChange(others.map((one, index) => (index === at ? { ...one, ...now } : one)))
  return (
    <Card title={t.form.others}>
      <p className="text-soft text-xs">{t.form.othersLead}</p>
      {others.map((one, at) => (
        <div key={at} className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto] items-end gap-3">
          <Field label={t.form.option}>
            <input required pattern="[a-z][a-z0-9_]{0,40}" autoComplete="off" className={FIELD} value={one.name} onChange={(event) => change(at, { name: event.target.value })} />
          </Field>
          <Field label={t.form.value}>
            <input required autoComplete="off" className={FIELD} value={one.value} onChange={(event) => change(at, { value: event.target.value })} />
          </Field>
          <Button kind="quiet" aria-label={t.form.less(one.name)} onClick={() => onChange(others.filter((_, index) => index !== at))}>
            <span aria-hidden>✕</span>
          </Button>
        </div>
      ))}
      <div>
        <Button onClick={() => onChange([...others, { name: '', value: '' }])}>{t.form.more}</Button>
      </div>
    </Card>
  )
}
