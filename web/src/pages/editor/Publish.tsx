// Publish what is on the desk as a version, with an alias for programs if one is wanted.
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { e } from '../../texts/editor'
import { t } from '../../texts/en'
import { Button, FIELD, Fault, Field } from '../../ui/parts'
import { useDoing } from '../../ui/doing'
import { Sheet } from '../../ui/Sheet'
import { pathOf } from '../pipelines/api'
import { type Published, publish, renewed } from './api'
import { hopeless, useDesk, useSeen } from './desk'
import { specOf } from './docs'

export function Publish({ onClose, onDone }: { onClose: () => void; onDone: (made: Published) => void }) {
  const desk = useDesk()
  const client = useQueryClient()
  const spec = useSeen((state) => state.history.now.spec)
  const unready = useSeen(hopeless)
  const [alias, setAlias] = useState('')
  const [done, setDone] = useState<{ made: Published; fresh: boolean } | null>(null)
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => {
      if (!(await desk.usable())) return
      const found = await publish(specOf(desk.doc), alias.trim())
      desk.settled()
      setDone(found)
      await renewed(client)
    })
  }
  if (done !== null) {
    const { made, fresh } = done
    return (
      <Sheet label={e.publish.title} onClose={() => onDone(made)}>
        <h2>{fresh ? e.publish.done(made.id) : e.publish.same(made.id)}</h2>
        <div className="flex gap-2">
          <Button kind="first" onClick={() => onDone(made)}>
            {e.publish.stay}
          </Button>
          <Link to="/pipelines/$owner/$name" params={pathOf(made)} className="text-accent underline self-center">
            {e.publish.try}
          </Link>
        </div>
      </Sheet>
    )
  }
  const rename = (name: string) => desk.respec(e.done.heading, (old) => ({ ...old, name }), 'heading:name')
  const entitle = (title: string) => desk.respec(e.done.heading, (old) => ({ ...old, title }), 'heading:title')
  return (
    <Sheet label={e.publish.title} onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <h2>{e.publish.title}</h2>
        <p className="text-soft">{e.publish.lead}</p>
        <Field label={e.name} hint={e.nameHint}>
          <input className={FIELD} required pattern="[a-z0-9][a-z0-9\-]*" value={spec.name} spellCheck={false} onChange={(event) => rename(event.target.value)} />
        </Field>
        <Field label={e.title} hint={e.titleHint}>
          <input className={FIELD} value={spec.title ?? ''} onChange={(event) => entitle(event.target.value)} />
        </Field>
        <Field label={e.publish.alias} hint={e.publish.aliasHint}>
          <input className={FIELD} value={alias} spellCheck={false} onChange={(event) => setAlias(event.target.value)} />
        </Field>
        {fault !== null && <Fault error={fault} />}
        {unready && <p className="text-warn">{e.publish.unready}</p>}
        <div className="flex gap-2">
          <Button kind="first" type="submit" disabled={unready || busy}>
            {busy ? `${e.publish.busy}…` : e.publish.go}
          </Button>
          <Button onClick={onClose}>{t.cancel}</Button>
        </div>
      </form>
    </Sheet>
  )
}
