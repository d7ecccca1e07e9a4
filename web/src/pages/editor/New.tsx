// A new pipeline: from a template, from a copy of one that is there, or the draft that was left.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSession } from '../../api/session'
import { e } from '../../texts/editor'
import { moment } from '../../ui/format'
import { useDoing } from '../../ui/doing'
import { Fault, Page } from '../../ui/parts'
import { pipelines } from '../pipelines/api'
import { published } from './api'
import { drop, read } from './draft'
import { Opened } from './Editor'
import type { Spec } from './spec'
import { copyOf, templates } from './templates'

export function New() {
  const account = useSession().session?.account.id ?? ''
  const key = `${account}:new`
  const [draft] = useState(() => read(key))
  const [begin, setBegin] = useState<Spec | null>(null)
  const known = useQuery({ queryKey: ['pipelines'], queryFn: pipelines })
  const { busy, fault, run } = useDoing()
  if (begin !== null) return <Opened draft={key} begin={begin} />
  const choose = (spec: Spec) => {
    drop(key)
    setBegin(spec)
  }
  const copy = async (id: string) => {
    const { pipeline, version } = await published(id)
    if (pipeline === null) throw new Error(e.fresh.untold(id))
    choose(version === null ? copyOf(pipeline) : pipeline)
  }
  return (
    <Page title={e.fresh.title} lead={e.fresh.lead}>
      {draft !== null && <Choice title={e.fresh.draft} hint={e.fresh.draftHint(moment(draft.at / 1000), Object.keys(draft.spec.steps).length)} onChoose={() => setBegin(draft.spec)} />}
      <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {templates.map(({ title, hint, spec }) => (
          <li key={title}>
            <Choice title={title} hint={hint} onChoose={() => choose(spec)} />
          </li>
        ))}
      </ul>
      <h2>{e.fresh.existing}</h2>
      {(known.isError || fault !== null) && <Fault error={known.error ?? fault} retry={() => void known.refetch()} />}
      <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {known.data?.map((one) => (
          <li key={one.id}>
            <Choice title={one.name} hint={one.title} disabled={busy} onChoose={() => void run(() => copy(one.id))} />
          </li>
        ))}
      </ul>
    </Page>
  )
}

function Choice({ title, hint, disabled = false, onChoose }: { title: string; hint: string; disabled?: boolean; onChoose: () => void }) {
  return (
    <button
      type="button"
      disabled={disabled}
      onClick={onChoose}
      className="grid h-full w-full content-start gap-1 rounded-lg border border-line bg-sheet p-4 text-left hover:border-edge"
    >
      <span className="font-semibold">{title}</span>
      <span className="text-soft">{hint}</span>
    </button>
  )
}
