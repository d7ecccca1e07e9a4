// A training is asked for: a recipe, what it learns from, its options, and the model that it makes.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { account } from '../../api/accounts'
import { base } from '../../api/connection'
import { useSession } from '../../api/session'
import { begin, recipes, training, type Training, type Wanted } from '../../api/trainings'
import { t as common } from '../../texts/en'
import { t } from '../../texts/trainings'
import { useDoing } from '../../ui/doing'
import { Button, buttonClass, Card, Fault, FIELD, Field, Loading, Page, Select } from '../../ui/parts'
import { Snippets } from '../../ui/Snippets'
import { posting } from '../pipelines/posting'
import { Data, type Source, sourced, sourceOf } from './Data'
import { CHOICES, chosen, fieldsOf, optionsOf, OWN } from './options'
import { type Other, Others } from './Others'

export function NewTraining() {
  const { like } = useSearch({ strict: false }) as { like?: string }
  const found = useQuery({ queryKey: ['recipes'], queryFn: recipes, staleTime: 60_000 })
  const before = useQuery({ queryKey: ['training', like], queryFn: () => training(like ?? ''), enabled: like !== undefined })
  return (
    <Page
      title={t.start}
      lead={t.form.lead}
      actions={
        <Link to="/trainings" className="text-accent underline">
          {t.back}
        </Link>
      }
    >
      {(found.isPending || before.isLoading) && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {before.isError && <Fault error={before.error} retry={() => void before.refetch()} />}
      {found.data !== undefined && !before.isLoading && <Form key={like} names={found.data} like={before.data} />}
    </Page>
  )
}

/** `like`: as which it begins. */
function Form({ names, like }: { names: string[]; like: Training | undefined }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { session } = useSession()
  const { busy, fault, run } = useDoing()
  const [recipe, setRecipe] = useState(like?.recipe ?? names.find((name) => optionsOf(name).first.length > 0) ?? names[0] ?? '')
  const [source, setSource] = useState<Source>(like === undefined ? { kind: 'store', store: '', place: '' } : sourceOf(like.data))
  const [fields, setFields] = useState<Fields>(like === undefined ? OWN : fieldsOf(like.options, like.grid))
  const [others, setOthers] = useState<Other[]>(() => (like === undefined ? [] : unasked(recipe, fields)))
  const [made, setMade] = useState({ model: like?.model ?? '', title: '', licence: '' })
  const { first, more } = optionsOf(recipe)
  const asked = [...first, ...more]
  const wanted: Wanted = {
    recipe,
    ...sourced(source),
    ...chosen({ ...Object.fromEntries(asked.map((name) => [name, fields[name] ?? ''])), ...Object.fromEntries(others.map(({ name, value }) => [name, value])) }),
    ...(made.model !== '' && made),
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    void run(async () => {
      const begun = await begin(wanted)
      client.setQueryData(['training', begun.id], begun)
      void client.invalidateQueries({ queryKey: ['trainings'] })
      await navigate({ to: '/trainings/$id', params: { id: begun.id } })
    })
  }
  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <form onSubmit={submit} className="grid content-start gap-4 min-w-0">
        <Card>
          <Field label={t.form.recipe} hint={t.recipes[recipe]}>
            <Select value={recipe} onChange={(event) => setRecipe(event.target.value)}>
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
          <Data source={source} onChange={setSource} />
        </Card>
        {asked.length > 0 && (
          <Card title={t.form.options}>
            <p className="text-soft text-xs">{t.form.optionsLead}</p>
            <Options names={first} fields={fields} onChange={setFields} />
            <details open={like !== undefined}>
              <summary className="min-h-7 text-soft">{t.form.moreOptions(more.length)}</summary>
              <Options names={more} fields={fields} onChange={setFields} />
            </details>
          </Card>
        )}
        <Others others={others} onChange={setOthers} />
        <Made made={made} onChange={setMade} />
        {fault !== null && <Fault error={fault} />}
        <div className="flex flex-wrap gap-2">
          <Button kind="first" type="submit" disabled={busy}>
            {t.form.go}
          </Button>
          <Link to="/trainings" className={buttonClass()}>
            {common.cancel}
          </Link>
        </div>
      </form>
      <Card title={t.code} className="self-start">
        <Snippets snippets={posting(`${base}v1/trainings`, wanted, session?.user != null)} />
      </Card>
    </div>
  )
}

type Fields = Record<string, string>

/** Those that the form does not ask for by name. */
function unasked(recipe: string, fields: Fields): Other[] {
  const { first, more } = optionsOf(recipe)
  return Object.entries(fields).flatMap(([name, value]) => (first.includes(name) || more.includes(name) ? [] : [{ name, value }]))
}

function Options({ names, fields, onChange }: { names: string[]; fields: Fields; onChange: (fields: Fields) => void }) {
  const change = (name: string, value: string) => onChange({ ...fields, [name]: value })
  return (
    <div className="grid items-start gap-3 sm:grid-cols-2">
      {names.map((name) => {
        const choices = CHOICES[name]
        return (
          <Field key={name} label={name} hint={t.options[name]}>
            {choices === undefined ? (
              <input className={FIELD} value={fields[name] ?? ''} autoComplete="off" onChange={(event) => change(name, event.target.value)} />
            ) : (
              <Select value={fields[name] ?? ''} onChange={(event) => change(name, event.target.value)}>
                <option value="">{t.form.asRecipe}</option>
                {choices.map((one) => (
                  <option key={one} value={one}>
                    {t.kinds[one] ?? one}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        )
      })}
    </div>
  )
}

interface Given {
  model: string
  title: string
  licence: string
}

/** What the model is called; without a name there is none, and nothing else to say of it. */
function Made({ made, onChange }: { made: Given; onChange: (made: Given) => void }) {
  const mine = useQuery({ queryKey: ['account'], queryFn: account, staleTime: 60_000 })
  return (
    <Card title={t.form.result}>
      <Field label={t.form.model} hint={t.form.modelHint(mine.data?.handle ?? '…')}>
        <input maxLength={60} pattern="[a-z0-9]+([\-.][a-z0-9]+)*" autoComplete="off" className={FIELD} value={made.model} onChange={(event) => onChange({ ...made, model: event.target.value })} />
      </Field>
      {made.model !== '' && (
        <div className="grid items-start gap-3 sm:grid-cols-2">
          <Field label={t.form.title} hint={t.form.titleHint}>
            <input maxLength={200} className={FIELD} value={made.title} onChange={(event) => onChange({ ...made, title: event.target.value })} />
          </Field>
          <Field label={t.form.licence} hint={t.form.licenceHint}>
            <input maxLength={300} className={FIELD} value={made.licence} onChange={(event) => onChange({ ...made, licence: event.target.value })} />
          </Field>
        </div>
      )}
    </Card>
  )
}
