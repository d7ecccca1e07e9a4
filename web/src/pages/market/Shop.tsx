// The shop window: pictures first.
import { Link } from '@tanstack/react-router'
import { useDeferredValue, useState } from 'react'
import { examplesOf, type Kind, type Listing, listings, type Order } from '../../api/market'
import { usePages } from '../../api/pages'
import { useSession } from '../../api/session'
import { t } from '../../texts/market'
import { More } from '../../ui/More'
import { buttonClass, Empty, Fault, FIELD, Loading, Select } from '../../ui/parts'
import { Frame } from './Frame'
import { Badges, pricesOf, Standing } from './told'

export function Shop() {
  const [typed, setTyped] = useState('')
  const query = useDeferredValue(typed.trim())
  const [kind, setKind] = useState<Kind | undefined>()
  const [order, setOrder] = useState<Order>('relevance')
  const [free, setFree] = useState(false)
  const { session } = useSession()
  const search = { query, kind, order, free }
  const { found, all } = usePages(['listings', search], (after) => listings(search, after), { keep: true })
  const narrowed = query !== '' || kind !== undefined || free
  return (
    <Frame lead={t.lead}>
      <div className="grid items-center gap-3 sm:grid-cols-[minmax(0,1fr)_12rem_12rem_auto]">
        <input type="search" aria-label={t.search} placeholder={t.search} value={typed} onChange={(event) => setTyped(event.target.value)} className={FIELD} />
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
      {found.isSuccess && all.length === 0 && (
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
      )}
      <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {all.map((one) => (
          <li key={one.id}>
            <Window listing={one} />
          </li>
        ))}
      </ul>
      <More found={found} />
    </Frame>
  )
}

function Window({ listing }: { listing: Listing }) {
  const picture = examplesOf(listing)[0]?.output
  return (
    <Link to="/market/$id" params={{ id: listing.id }} className="grid h-full content-start overflow-hidden rounded-lg border border-line bg-sheet no-underline hover:border-edge min-w-0">
      <div className="aspect-[4/3] bg-raised">
        {picture !== undefined && <img src={picture} alt="" loading="lazy" decoding="async" className="size-full object-cover" />}
      </div>
      <div className="grid gap-2 p-4">
        <div>
          <p className="truncate font-semibold">{listing.title}</p>
          <p className="truncate text-soft text-xs">{t.by(listing.owner)}</p>
        </div>
        <p>{pricesOf(listing.offer)[0]}</p>
        <Standing listing={listing} />
        <Badges listing={listing} />
      </div>
    </Link>
  )
}
