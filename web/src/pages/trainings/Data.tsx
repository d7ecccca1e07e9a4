// What a training learns from: a store of the account, or a folder of the server.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { stores } from '../../api/stores'
import { t } from '../../texts/trainings'
import { Fault, FIELD, Field, Select } from '../../ui/parts'

export interface Source {
  kind: 'store' | 'folder'
  store: string
  /** In the store, or below the training sets of the server. */
  place: string
}

/** As a request has it. */
export function sourced({ kind, store, place }: Source): { data: string } {
  return { data: kind === 'store' ? `store://${store}/${place.trim()}` : place.trim() }
}

/** Of a training that was asked for before. */
export function sourceOf(data: string): Source {
  const [, store, place] = /^store:\/\/([^/]*)\/?(.*)$/.exec(data) ?? []
  return store === undefined ? { kind: 'folder', store: '', place: data } : { kind: 'store', store, place: place ?? '' }
}

export function Data({ source, onChange }: { source: Source; onChange: (source: Source) => void }) {
  const found = useQuery({ queryKey: ['stores'], queryFn: stores })
  const names = (found.data ?? []).map(({ name }) => name)
  const first = names[0]
  useEffect(() => {
    // Until somebody chose: a store where there is one, else the server.
    if (source.kind === 'store' && source.store === '' && found.isSuccess) onChange(first === undefined ? { ...source, kind: 'folder' } : { ...source, store: first })
  }, [source, first, found.isSuccess, onChange])
  const stored = source.kind === 'store'
  return (
    <fieldset className="grid gap-3 min-w-0">
      <legend className="text-soft">{t.form.data}</legend>
      <div className="flex flex-wrap gap-x-4">
        {(['store', 'folder'] as const).map((kind) => (
          <label key={kind} className="inline-flex min-h-9 items-center gap-2">
            <input
              type="radio"
              name="source"
              className="accent-accent"
              disabled={kind === 'store' && first === undefined}
              checked={source.kind === kind}
              onChange={() => onChange({ kind, store: kind === 'store' ? (first ?? '') : '', place: '' })}
            />
            {kind === 'store' ? t.form.stored : t.form.served}
          </label>
        ))}
      </div>
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && first === undefined && (
        <p className="text-soft text-xs">
          {t.form.noStores}{' '}
          <Link to="/operate/stores" className="text-accent underline">
            {t.form.addStore}
          </Link>
        </p>
      )}
      <div className="grid items-start gap-3 sm:grid-cols-2">
        {stored && (
          <Field label={t.form.store}>
            <Select value={source.store} onChange={(event) => onChange({ ...source, store: event.target.value })}>
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
        )}
        <Field label={stored ? t.form.prefix : t.form.folder} hint={stored ? t.form.prefixHint : t.form.folderHint}>
          <input className={FIELD} maxLength={1000} autoComplete="off" value={source.place} onChange={(event) => onChange({ ...source, place: event.target.value })} />
        </Field>
      </div>
    </fieldset>
  )
}
