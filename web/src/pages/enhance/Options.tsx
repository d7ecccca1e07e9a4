// What to do with pictures, and the same as code.
import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import type { Format, Run } from '../../api/client'
import { isOver } from '../../api/runs'
import { useSession } from '../../api/session'
import { t } from '../../texts/en'
import { useDoing } from '../../ui/doing'
import { Button, Fault, Field, Select } from '../../ui/parts'
import { rerun } from './uploads'
import { FIXES, FORMATS, type Keep, KEEPS, type Look, LOOKS, loses, QUALITIES, snippets, type Wishes } from './wishes'

const Snippets = lazy(() => import('../../ui/Snippets').then((module) => ({ default: module.Snippets })))

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
  const { busy, fault, run: begin } = useDoing()
  const [code, setCode] = useState(false)
  const file = run !== undefined && isOver(run) ? run.input.image : undefined
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
      {wishes.scale === 4 && (
        <Field label={t.enhance.look}>
          <Select value={wishes.look} onChange={(event) => onChange({ ...wishes, look: event.target.value as Look })}>
            {LOOKS.map((look) => (
              <option key={look} value={look}>
                {t.enhance.looks[look]}
              </option>
            ))}
          </Select>
        </Field>
      )}
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
      {loses(wishes) && (
        <Field label={t.enhance.quality}>
          <Select value={wishes.quality ?? ''} onChange={(event) => onChange({ ...wishes, quality: event.target.value === '' ? null : Number(event.target.value) })}>
            <option value="">{t.enhance.usual}</option>
            {QUALITIES.map((quality) => (
              <option key={quality}>{quality}</option>
            ))}
          </Select>
        </Field>
      )}
      <Field label={t.enhance.metadata}>
        <Select value={wishes.metadata} onChange={(event) => onChange({ ...wishes, metadata: event.target.value as Keep })}>
          {KEEPS.map((keep) => (
            <option key={keep} value={keep}>
              {t.enhance.keeps[keep]}
            </option>
          ))}
        </Select>
      </Field>
      <p className="text-soft text-xs">{t.enhance.holds}</p>
      {typeof file === 'string' && (
        <Button disabled={busy} onClick={() => void begin(async () => onRun(await rerun(client, file, wishes)))}>
          {t.enhance.rerun}
        </Button>
      )}
      {fault !== null && <Fault error={fault} />}
      <details className="min-w-0" onToggle={(event) => setCode(event.currentTarget.open)}>
        <summary className="min-h-7 text-soft">{t.enhance.code}</summary>
        {code && (
          <Suspense>
            <Snippets snippets={snippets(wishes, session?.user != null)} />
          </Suspense>
        )}
      </details>
    </section>
  )
}
