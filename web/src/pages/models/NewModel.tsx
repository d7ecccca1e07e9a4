// A model of one's own: sent in parts, handed over, then examined.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useRef, useState } from 'react'
import { account } from '../../api/accounts'
import { type Draft, given, tail } from '../../api/models'
import { upload } from '../../api/upload'
import { t as common } from '../../texts/en'
import { t } from '../../texts/models'
import { useDoing } from '../../ui/doing'
import { Bar, Button, Card, Fault, FIELD, Field, Page, Select } from '../../ui/parts'

const TASKS = ['upscale', 'dejpeg', 'denoise', 'deblur', 'lowlight', 'colour', 'other'] as const

export function NewModel() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const mine = useQuery({ queryKey: ['account'], queryFn: account, staleTime: 60_000 })
  const { busy, fault, run } = useDoing()
  const [sent, setSent] = useState(0)
  const stop = useRef(new AbortController())
  /** The upload that a fault broke off goes on, if the same file is sent again. */
  const begun = useRef<{ file: File; id: string } | null>(null)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const file = form.get('file') as File
    stop.current = new AbortController()
    setSent(0)
    void run(async () => {
      const id = begun.current?.file === file ? begun.current.id : undefined
      const onId = (now: string) => {
        begun.current = { file, id: now }
      }
      const kept = await upload(file, file.name, setSent, stop.current.signal, { id, onId })
      const model = await given(draftOf(form, kept.id))
      await client.invalidateQueries({ queryKey: ['models'] })
      await navigate({ to: '/models/$owner/$name', params: { owner: model.owner, name: tail(model.id) } })
    })
  }
  return (
    <Page
      title={t.add}
      lead={t.form.lead}
      actions={
        <Link to="/models" className="text-accent underline">
          {t.back}
        </Link>
      }
    >
      <Card>
        <form onSubmit={submit} className="grid max-w-3xl items-start gap-3 sm:grid-cols-2">
          <Field label={t.form.file}>
            <input name="file" type="file" required accept=".onnx" className={`${FIELD} py-1.5`} />
          </Field>
          <Field label={t.form.name} hint={t.form.nameHint(mine.data?.handle ?? '…')}>
            <input name="name" required maxLength={60} pattern="[a-z0-9]+([\-.][a-z0-9]+)*" autoComplete="off" className={FIELD} />
          </Field>
          <Field label={t.form.title}>
            <input name="title" maxLength={200} className={FIELD} />
          </Field>
          <Field label={t.form.task}>
            <Select name="task" defaultValue="">
              <option value="">{t.form.guess}</option>
              {TASKS.map((task) => (
                <option key={task} value={task}>
                  {t.tasks[task]}
                </option>
              ))}
            </Select>
          </Field>
          <Field label={t.form.licence} hint={t.form.licenceHint}>
            <input name="licence" maxLength={300} className={FIELD} />
          </Field>
          <Field label={t.form.description}>
            <textarea name="description" rows={3} maxLength={10_000} className={`${FIELD} py-1`} />
          </Field>
          <div className="grid gap-3 sm:col-span-2">
            {busy && (
              <div role="status" className="grid gap-2">
                <p className="text-soft">{sent < 1 ? t.form.sending(sent) : t.form.asking}</p>
                <Bar part={sent} label={t.add} />
              </div>
            )}
            {fault !== null && <Fault error={fault} />}
            <div className="flex gap-2">
              <Button kind="first" type="submit" disabled={busy}>
                {t.form.send}
              </Button>
              {busy && <Button onClick={() => stop.current.abort()}>{common.cancel}</Button>}
            </div>
          </div>
        </form>
      </Card>
    </Page>
  )
}

function draftOf(form: FormData, file: string): Draft {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const task = TASKS.find((one) => one === text('task')) ?? null
  return { file, name: text('name'), title: text('title'), description: text('description'), licence: text('licence'), task }
}
