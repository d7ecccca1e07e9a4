// Pictures picked from a store of the account.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { usePages } from '../../api/pages'
import { entries, type Entry, stores } from '../../api/stores'
import { t as common } from '../../texts/en'
import { t } from '../../texts/store'
import { bytes, moment } from '../../ui/format'
import { Button, buttonClass, Empty, Fault, Field, Loading, Select } from '../../ui/parts'
import { Rows } from '../../ui/Rows'
import { Sheet } from '../../ui/Sheet'
import { pictured } from './dropped'
import type { InStore } from './uploads'

export function FromStore({ onPick, onClose }: { onPick: (chosen: InStore[]) => void; onClose: () => void }) {
  const found = useQuery({ queryKey: ['stores'], queryFn: stores })
  const [name, setName] = useState<string | null>(null)
  const store = name ?? found.data?.[0]?.name
  return (
    <Sheet label={t.title} onClose={onClose} wide>
      <h2>{t.title}</h2>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && (
        <>
          <Empty>{t.none}</Empty>
          <Link to="/operate/stores" className={buttonClass('first')}>
            {t.add}
          </Link>
        </>
      )}
      {found.data !== undefined && found.data.length > 1 && (
        <Field label={t.store}>
          <Select value={store} onChange={(event) => setName(event.target.value)}>
            {found.data.map((one) => (
              <option key={one.name}>{one.name}</option>
            ))}
          </Select>
        </Field>
      )}
      {store !== undefined && <Place key={store} store={store} onPick={onPick} onClose={onClose} />}
    </Sheet>
  )
}

function Place({ store, onPick, onClose }: { store: string; onPick: (chosen: InStore[]) => void; onClose: () => void }) {
  const [prefix, setPrefix] = useState('')
  const [chosen, setChosen] = useState<string[]>([])
  const { found: pages, all: there } = usePages(['objects', store, prefix], (after) => entries(store, prefix, after), { staleTime: 30_000 })
  const all = there.filter((one) => one.kind === 'prefix' || pictured(one.name))
  const pictures = all.filter((one) => one.kind === 'object').map((one) => one.key)
  const more = useCallback(() => {
    if (pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage()
  }, [pages])
  const pick = (key: string, wanted: boolean) => setChosen((old) => (wanted ? [...old, key] : old.filter((one) => one !== key)))
  const whole = pictures.length > 0 && pictures.every((key) => chosen.includes(key))
  return (
    <>
      <Path store={store} prefix={prefix} onGo={setPrefix} />
      {pages.isPending && <Loading />}
      {pages.isError && <Fault error={pages.error} retry={() => void pages.refetch()} />}
      {pages.isSuccess && all.length === 0 && <Empty>{pages.hasNextPage ? t.onlyOthers : t.empty}</Empty>}
      {all.length > 0 && (
        <Rows rows={all} height={44} keyOf={(one) => one.key} label={t.objects} onEnd={more} className="h-[min(24rem,50vh)] rounded-md border border-line">
          {(one) => <Line entry={one} chosen={chosen.includes(one.key)} onGo={setPrefix} onPick={pick} />}
        </Rows>
      )}
      {pages.hasNextPage && all.length === 0 && <Button onClick={more}>{t.more}</Button>}
      <div className="flex flex-wrap items-center gap-2">
        <Button kind="first" disabled={chosen.length === 0} onClick={() => onPick(chosen.map((key) => ({ store, key })))}>
          {t.take(chosen.length)}
        </Button>
        <Button onClick={onClose}>{common.cancel}</Button>
        {pictures.length > 0 && (
          <Button kind="quiet" className="ml-auto" onClick={() => setChosen((old) => (whole ? old.filter((key) => !pictures.includes(key)) : [...new Set([...old, ...pictures])]))}>
            {whole ? t.noneOfThese : t.allOfThese(pictures.length)}
          </Button>
        )}
      </div>
    </>
  )
}

/** Where one is, each part a way back. */
function Path({ store, prefix, onGo }: { store: string; prefix: string; onGo: (prefix: string) => void }) {
  const parts = prefix.split('/').filter((part) => part !== '')
  const places = [store, ...parts].map((name, at) => [name, parts.slice(0, at).map((part) => `${part}/`).join('')] as const)
  return (
    <nav aria-label={t.path} className="flex flex-wrap items-center gap-1">
      {places.map(([name, to], at) => (
        <span key={to} className="inline-flex items-center gap-1">
          {at > 0 && <span aria-hidden>/</span>}
          {to === prefix ? (
            <span aria-current="location">{name}</span>
          ) : (
            <button type="button" className="text-accent underline" onClick={() => onGo(to)}>
              {name}
            </button>
          )}
        </span>
      ))}
    </nav>
  )
}

function Line({ entry, chosen, onGo, onPick }: { entry: Entry; chosen: boolean; onGo: (prefix: string) => void; onPick: (key: string, wanted: boolean) => void }) {
  if (entry.kind === 'prefix') {
    return (
      <button type="button" onClick={() => onGo(entry.key)} className="flex h-full w-full items-center gap-3 border-b border-line px-3 text-left hover:bg-raised focus-visible:-outline-offset-2">
        <span aria-hidden className="w-4 text-center text-soft">
          ▸
        </span>
        <span className="truncate">{`${entry.name}/`}</span>
      </button>
    )
  }
  return (
    <label className="flex h-full items-center gap-3 border-b border-line px-3 hover:bg-raised">
      <input type="checkbox" className="size-4 shrink-0 accent-accent" checked={chosen} onChange={(event) => onPick(entry.key, event.target.checked)} />
      <span className="min-w-0 flex-1 truncate">{entry.name}</span>
      <span className="text-soft max-sm:hidden">{entry.modified === null ? '' : moment(entry.modified)}</span>
      <span className="w-16 text-right text-soft">{bytes(entry.bytes ?? 0)}</span>
    </label>
  )
}
