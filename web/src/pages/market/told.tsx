// Prices, stars and badges of a listing, as its card and its page show them.
import type { Listing } from '../../api/market'
import { t } from '../../texts/market'
import { duration, number } from '../../ui/format'

/** Each way to pay, in words; free where there is no price. */
export function pricesOf(offer: Listing['offer']): string[] {
  if (offer === null) return [t.prices.unset]
  const { run, megapixel, month, quota, download } = offer.price
  const found = [
    ...(run ? [t.prices.run(number(run))] : []),
    ...(megapixel ? [t.prices.megapixel(number(megapixel))] : []),
    ...(month ? [t.prices.month(number(month), quota ? number(quota) : null)] : []),
    ...(download ? [t.prices.download(number(download))] : []),
  ]
  return found.length === 0 ? [t.prices.none] : found
}

export function Badges({ listing }: { listing: Listing }) {
  if (listing.badges.length === 0) return null
  return (
    <ul className="flex flex-wrap gap-1">
      {listing.badges.map((one, at) => (
        <li key={at} className="rounded border border-line px-2 text-xs text-good">
          {t.badges[one.kind]}
        </li>
      ))}
    </ul>
  )
}

export function Standing({ listing }: { listing: Listing }) {
  const { stars, ratings, uses, seconds } = listing.standing
  return (
    <p className="flex flex-wrap gap-x-3 text-soft text-xs">
      <span>{stars === null ? t.unrated : t.stars(number(stars), ratings)}</span>
      {uses > 0 && <span>{t.uses(number(uses))}</span>}
      {seconds !== null && <span>{t.seconds(duration(seconds))}</span>}
    </p>
  )
}
