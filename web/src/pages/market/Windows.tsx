// Listings as a shop window: pictures first.
import { Link } from '@tanstack/react-router'
import { examplesOf, type Listing } from '../../api/market'
import { t } from '../../texts/market'
import { Badges, pricesOf, Standing } from './told'

export function Windows({ listings }: { listings: Listing[] }) {
  return (
    <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
      {listings.map((one) => (
        <li key={one.id}>
          <Window listing={one} />
        </li>
      ))}
    </ul>
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
