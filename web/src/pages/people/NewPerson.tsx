// Somebody is entered: who agrees, to which words. Pictures come after that.
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { base } from '../../api/connection'
import { entered, type Entry } from '../../api/people'
import { useSession } from '../../api/session'
import { t as common } from '../../texts/en'
import { t } from '../../texts/people'
import { useDoing } from '../../ui/doing'
import { Button, buttonClass, Card, Fault, FIELD, Field, Notice, Page } from '../../ui/parts'
import { Snippets } from '../../ui/Snippets'
import { posting } from '../pipelines/posting'

const MOST = 100
/** What no database keeps: a text comes in one piece. */
const BREAKS = /\s*[\r\n\t]+\s*/g

export function NewPerson() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { session } = useSession()
  const { busy, fault, run } = useDoing()
  const [name, setName] = useState('')
  const [who, setWho] = useState('')
  const [text, setText] = useState(t.consent)
  const [needed, setNeeded] = useState('')
  const entry: Entry = {
    name: name.trim(),
    consent: { who: who.trim(), text: text.trim().replace(BREAKS, ' ') },
    ...(needed !== '' && { pictures_needed: Number(needed) }),
  }
  /** As it is; where nothing is written yet, something that works. */
  const shown: Entry = { ...entry, name: entry.name || 'Ann', consent: { who: who.trim() || 'Ann Smith', text: entry.consent?.text } }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    void run(async () => {
      const made = await entered(entry)
      client.setQueryData(['person', made.id], made)
      void client.invalidateQueries({ queryKey: ['people'] })
      await navigate({ to: '/people/$id', params: { id: made.id } })
    })
  }
  return (
    <Page
      title={t.enter}
      lead={t.entry.lead}
      actions={
        <Link to="/people" className="text-accent underline">
          {t.back}
        </Link>
      }
    >
      <Notice kind="plain">{t.entry.built}</Notice>
      <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Card>
          <form onSubmit={submit} className="grid items-start gap-3 sm:grid-cols-2">
            <Field label={t.entry.name} hint={t.entry.nameHint}>
              <input required maxLength={200} autoComplete="off" className={FIELD} value={name} onChange={(event) => setName(event.target.value)} />
            </Field>
            <Field label={t.entry.who} hint={t.entry.whoHint}>
              <input required maxLength={200} autoComplete="off" className={FIELD} value={who} onChange={(event) => setWho(event.target.value)} />
            </Field>
            <div className="sm:col-span-2">
              <Field label={t.entry.text} hint={t.entry.textHint}>
                <textarea required rows={6} maxLength={20_000} className={`${FIELD} py-1`} value={text} onChange={(event) => setText(event.target.value)} />
              </Field>
            </div>
            <Field label={t.entry.needed} hint={t.entry.neededHint}>
              <input type="number" min={1} max={MOST} step={1} className={FIELD} value={needed} onChange={(event) => setNeeded(event.target.value)} />
            </Field>
            <div className="grid gap-3 sm:col-span-2">
              <label className="flex min-h-7 items-start gap-2">
                <input type="checkbox" required className="mt-0.5 size-4 shrink-0 accent-accent" />
                <span className="max-w-prose">{t.entry.agreed}</span>
              </label>
              {fault !== null && <Fault error={fault} />}
              <div className="flex flex-wrap gap-2">
                <Button kind="first" type="submit" disabled={busy}>
                  {t.entry.go}
                </Button>
                <Link to="/people" className={buttonClass()}>
                  {common.cancel}
                </Link>
              </div>
            </div>
          </form>
        </Card>
        <Card title={t.code} className="self-start">
          <Snippets snippets={posting(`${base}v1/people`, shown, session?.user != null)} />
        </Card>
      </div>
    </Page>
  )
}
