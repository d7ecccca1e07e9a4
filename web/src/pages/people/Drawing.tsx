// Portraits are asked for: a style, words, a seed.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { base } from '../../api/connection'
import { draw, type Person, styles, type Wanted } from '../../api/people'
import { remember } from '../../api/runs'
import { useSession } from '../../api/session'
import { t } from '../../texts/people'
import { useDoing } from '../../ui/doing'
import { Button, Card, Fault, FIELD, Field, Select } from '../../ui/parts'
import { Snippets } from '../../ui/Snippets'
import { posting } from '../pipelines/posting'

const MOST = 16
const LARGEST = 2 ** 32 - 1
/** Seconds for which a program waits. */
const WAIT = 60
const words = t.portraits

export function Drawing({ person }: { person: Person }) {
  const client = useQueryClient()
  const { session } = useSession()
  const [style, setStyle] = useState('photo')
  const [prompt, setPrompt] = useState('')
  const [count, setCount] = useState(4)
  const [seed, setSeed] = useState('')
  const [version, setVersion] = useState('')
  const { busy, fault, run } = useDoing()
  const wanted: Wanted = {
    ...(style !== '' && { style }),
    ...(prompt.trim() !== '' && { prompt: prompt.trim() }),
    ...(seed === '' ? { count } : { seeds: Array.from({ length: count }, (_, at) => (Number(seed) + at) % (LARGEST + 1)) }),
    ...(version !== '' && { version: Number(version) }),
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    void run(async () => {
      remember(client, await draw(person.id, wanted))
      await client.invalidateQueries({ queryKey: ['portraits', person.id] })
    })
  }
  const ready = person.versions.filter(({ state }) => state === 'ready')
  return (
    <Card title={words.form} className="self-start">
      <form onSubmit={submit} className="grid gap-3">
        <Styles chosen={style} onChoose={setStyle} />
        <Field label={words.prompt} hint={words.promptHint}>
          <input className={FIELD} value={prompt} maxLength={2000} onChange={(event) => setPrompt(event.target.value)} />
        </Field>
        <div className="grid grid-cols-2 items-start gap-3">
          <Field label={words.count}>
            <input type="number" required min={1} max={MOST} step={1} className={FIELD} value={Number.isNaN(count) ? '' : count} onChange={(event) => setCount(event.target.valueAsNumber)} />
          </Field>
          <Field label={words.seed}>
            <input type="number" min={0} max={LARGEST} step={1} className={FIELD} value={seed} onChange={(event) => setSeed(event.target.value)} />
          </Field>
        </div>
        <p className="text-soft text-xs">{words.seedHint}</p>
        {ready.length > 1 && (
          <Field label={words.version}>
            <Select value={version} onChange={(event) => setVersion(event.target.value)}>
              <option value="">{words.newest}</option>
              {ready.map((one) => (
                <option key={one.version}>{one.version}</option>
              ))}
            </Select>
          </Field>
        )}
        {fault !== null && <Fault error={fault} />}
        <div>
          <Button kind="first" type="submit" disabled={busy}>
            {words.go}
          </Button>
        </div>
      </form>
      <details className="min-w-0">
        <summary className="min-h-7 text-soft">{t.code}</summary>
        <Snippets snippets={posting(`${base}v1/people/${person.id}/portraits`, wanted, session?.user != null, WAIT)} />
      </details>
    </Card>
  )
}

/** One of the generator's, one of the account's own, or none: then the words say it. */
function Styles({ chosen, onChoose }: { chosen: string; onChoose: (style: string) => void }) {
  const found = useQuery({ queryKey: ['styles'], queryFn: styles, staleTime: 60_000 })
  const names = [...(found.data ?? []).map(({ name }) => name), '']
  return (
    <fieldset className="grid gap-1 min-w-0">
      <legend className="text-soft">{words.style}</legend>
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      <div className="flex flex-wrap gap-2 pt-1">
        {names.map((name) => (
          <label
            key={name}
            className="inline-flex min-h-9 cursor-pointer items-center gap-2 rounded-md border border-edge bg-sheet px-3 hover:bg-raised has-checked:border-accent has-checked:bg-raised has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent pointer-coarse:min-h-11"
          >
            <input type="radio" name="style" value={name} checked={name === chosen} onChange={() => onChoose(name)} className="accent-accent outline-none" />
            {name === '' ? words.asPrompt : (words.styles[name] ?? name)}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
