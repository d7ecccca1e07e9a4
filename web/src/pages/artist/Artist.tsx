// Artist: compose a work, watch it come about in three stages, and the wall of all that were made.
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useMemo, useState } from 'react'
import { remember, useEvents, useRuns } from '../../api/runs'
import { t } from '../../texts/artist'
import { useDoing } from '../../ui/doing'
import { Button, Card, Fault, FIELD, Field, Loading, Page } from '../../ui/parts'
import { OneWork } from './OneWork'
import { Wall } from './Wall'
import { ARTIST, compose, workOf } from './work'

export function Artist() {
  const client = useQueryClient()
  const runs = useRuns(ARTIST)
  useEvents()
  const { busy, fault, run: begin } = useDoing()
  const [theme, setTheme] = useState('')
  const [chosen, setChosen] = useState<string | null>(null)
  const all = useMemo(() => (runs.data?.pages ?? []).flatMap((page) => page.data), [runs.data])
  const works = useMemo(() => all.flatMap((run) => workOf(run) ?? []), [all])
  const shown = all.find((run) => run.id === chosen) ?? all[0]
  const make = (event?: FormEvent) => {
    event?.preventDefault()
    void begin(async () => {
      const run = await compose(theme.trim())
      remember(client, run)
      setChosen(run.id)
    })
  }
  if (runs.isPending) return <Loading />
  return (
    <Page title={t.title} lead={t.lead}>
      {runs.isError && <Fault error={runs.error} retry={() => void runs.refetch()} />}
      <Card>
        <form onSubmit={make} className="grid items-start justify-start gap-3 max-sm:justify-stretch sm:grid-cols-[minmax(0,24rem)_auto]">
          <Field label={t.theme} hint={t.hint}>
            <input className={FIELD} value={theme} maxLength={200} onChange={(event) => setTheme(event.target.value)} />
          </Field>
          <Button kind="first" type="submit" disabled={busy} className="sm:mt-6">
            {busy ? t.composing : t.compose}
          </Button>
        </form>
        {fault !== null && <Fault error={fault} />}
      </Card>
      {shown !== undefined && <OneWork key={shown.id} run={shown} onAgain={() => make()} />}
      <Wall works={works} chosen={shown?.id ?? null} onChoose={setChosen} found={runs} />
    </Page>
  )
}
