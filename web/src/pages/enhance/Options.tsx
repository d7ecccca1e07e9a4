// What to do with pictures, and the same as code.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Format, Run } from '../../api/client'
import { messageOf } from '../../api/problem'
import { isOver } from '../../api/runs'
import { useSession } from '../../api/session'
import { t } from '../../texts/en'
import { Button, Field, Select } from '../../ui/parts'
import { Snippets } from '../../ui/Snippets'
import { rerun } from './uploads'
import { FIXES, FORMATS, snippets, type Wishes } from './wishes'

export function Options({
  wishes,
  onChange,
  run,
  onRun,
}: {
  wishes: Wishes
  onChange: (wishes: Wishes) => void
  run: Run | undefined
  onRun: (id: string) => void
}) {
  const client = useQueryClient()
  const { session } = useSession()
  const [fault, setFault] = useState('')
  const file = run !== undefined && isOver(run) ? run.input.image : undefined
  const redo = async () => {
    setFault('')
    try {
      onRun(await rerun(client, String(file), wishes))
    } catch (error) {
      setFault(messageOf(error))
    }
  }
  return (
    <section aria-label={t.enhance.options} className="grid content-start gap-4 min-w-0">
      <h2>{t.enhance.options}</h2>
      <Field label={t.enhance.mend}>
        <Select value={wishes.auto ? 'auto' : 'choice'} onChange={(event) => onChange({ ...wishes, auto: event.target.value === 'auto' })}>
          <option value="auto">{t.enhance.auto}</option>
          <option value="choice">{t.enhance.choice}</option>
        </Select>
      </Field>
      {!wishes.auto && (
        <fieldset className="grid gap-1">
          <legend className="sr-only">{t.enhance.choice}</legend>
          {FIXES.map((fix) => (
            <label key={fix} className="flex min-h-7 items-center gap-2">
              <input
                type="checkbox"
                className="size-4 accent-accent"
                checked={wishes.fixes.includes(fix)}
                onChange={(event) =>
                  onChange({
                    ...wishes,
                    fixes: FIXES.filter((one) => (one === fix ? event.target.checked : wishes.fixes.includes(one))),
                  })
                }
              />
              {t.enhance.fixes[fix]}
            </label>
          ))}
        </fieldset>
      )}
      <Field label={t.enhance.scale}>
        <Select value={wishes.scale} onChange={(event) => onChange({ ...wishes, scale: Number(event.target.value) as 1 | 2 | 4 })}>
          {([1, 2, 4] as const).map((scale) => (
            <option key={scale} value={scale}>
              {t.enhance.scales[scale]}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t.enhance.format}>
        <Select
          value={wishes.format ?? ''}
          onChange={(event) => onChange({ ...wishes, format: event.target.value === '' ? null : (event.target.value as Format) })}
        >
          <option value="">{t.enhance.same}</option>
          {FORMATS.map((format) => (
            <option key={format} value={format}>
              {format.toUpperCase()}
            </option>
          ))}
        </Select>
      </Field>
      <p className="text-soft text-xs">{t.enhance.holds}</p>
      {typeof file === 'string' && <Button onClick={() => void redo()}>{t.enhance.rerun}</Button>}
      {fault !== '' && (
        <p role="alert" className="text-danger">
          {fault}
        </p>
      )}
      <details className="min-w-0">
        <summary className="min-h-7 text-soft">{t.enhance.code}</summary>
        <Snippets snippets={snippets(wishes, session?.user != null)} />
      </details>
    </section>
  )
}
