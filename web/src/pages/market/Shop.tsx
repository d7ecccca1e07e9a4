// What is offered to everybody: by words, or by a picture that it should look like.
import { Link } from '@tanstack/react-router'
import { useCallback, useDeferredValue, useRef, useState } from 'react'
import { type Kind, listings, type Order } from '../../api/market'
import { usePages } from '../../api/pages'
import { useSession } from '../../api/session'
import { unique } from '../../api/unique'
import { t } from '../../texts/market'
import { More } from '../../ui/More'
import { Button, buttonClass, Empty, Fault, FIELD, Loading, Select } from '../../ui/parts'
import { useArrivals } from '../enhance/arrivals'
import type { Chosen } from '../enhance/dropped'
import { Alike, type Wanted } from './Alike'
import { Frame } from './Frame'
import { Windows } from './Windows'

export function Shop() {
  const [picture, setPicture] = useState<Wanted | null>(null)
  const [over, setOver] = useState(false)
  const take = useCallback((files: Chosen[]) => setPicture(files[0] === undefined ? null : { file: files[0].file, key: unique() }), [])
  useArrivals(take, setOver)
  return (
    <Frame lead={t.lead}>
      {over && <p className="rounded-lg border-2 border-dashed border-accent p-4 text-center">{t.alike.here}</p>}
      {picture === null ? <ByWords take={take} /> : <Alike key={picture.key} wanted={picture} onEnd={() => setPicture(null)} />}
    </Frame>
  )
}

function ByWords({ take }: { take: (files: Chosen[]) => void }) {
  const [typed, setTyped] = useState('')
  const query = useDeferredValue(typed.trim())
  const [kind, setKind] = useState<Kind | undefined>()
  const [order, setOrder] = useState<Order>('relevance')
  const [free, setFree] = useState(false)
  const search = { query, kind, order, free }
  const { found, all } = usePages(['listings', search], (after) => listings(search, after), { keep: true })
  const narrowed = query !== '' || kind !== undefined || free
  return (
    <>
      <div className="grid items-center gap-3 sm:grid-cols-2 lg:grid-cols-[minmax(0,1fr)_auto_12rem_12rem_auto]">
        <input type="search" aria-label={t.search} placeholder={t.search} value={typed} onChange={(event) => setTyped(event.target.value)} className={FIELD} />
        <ByPicture take={take} />
        <Select aria-label={t.kind} value={kind ?? 'any'} onChange={(event) => setKind(event.target.value === 'any' ? undefined : (event.target.value as Kind))}>
          {(['any', 'pipeline', 'model'] as const).map((one) => (
            <option key={one} value={one}>
              {t.kinds[one]}
            </option>
          ))}
        </Select>
        <Select aria-label={t.order} value={order} onChange={(event) => setOrder(event.target.value as Order)}>
          {(Object.keys(t.orders) as Order[]).map((one) => (
            <option key={one} value={one}>
              {t.orders[one]}
            </option>
          ))}
        </Select>
        <label className="flex min-h-9 items-center gap-2">
          <input type="checkbox" className="size-4 accent-accent" checked={free} onChange={(event) => setFree(event.target.checked)} />
          {t.free}
        </label>
      </div>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && <Nothing narrowed={narrowed} />}
      <Windows listings={all} />
      <More found={found} />
    </>
  )
}

/** Only who may send a picture is asked for one. */
function ByPicture({ take }: { take: (files: Chosen[]) => void }) {
  const { session } = useSession()
  const input = useRef<HTMLInputElement>(null)
  if (!session?.scopes.includes('files:write')) return null
  return (
    <div>
      <Button className="w-full" onClick={() => input.current?.click()}>
        {t.alike.choose}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        data-testid="alike"
        accept="image/*"
        onChange={(event) => {
          const file = event.target.files?.[0]
          event.target.value = ''
          if (file !== undefined) take([{ file, path: file.name }])
        }}
      />
    </div>
  )
}

function Nothing({ narrowed }: { narrowed: boolean }) {
  const { session } = useSession()
  return (
    <>
      <Empty>{narrowed ? t.noneSuch : t.none}</Empty>
      {!narrowed && session?.scopes.includes('market:write') && (
        <div>
          <Link to="/market/sell" className={buttonClass('first')}>
            {t.offer}
          </Link>
        </div>
      )}
    </>
  )
}
