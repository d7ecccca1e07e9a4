// Prices, stars and badges of a listing, as its card and its page show them.
import type { Listing } from '../../api/market'
import { t } from '../../texts/market'
import { duration, moment, number } from '../../ui/format'

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

type Badge = Listing['badges'][number]

/** What was measured says how much, and on what. */
function said({ kind, detail }: Badge): string {
  if (kind !== 'score') return t.badges[kind]
  return t.badges.score(amount(Number(detail.value), String(detail.unit)), String(detail.set))
}

const amount = (value: number, unit: string): string => `${number(value)}${unit === '' || unit === '°' ? unit : ` ${unit}`}`

export function Badges({ listing }: { listing: Listing }) {
  if (listing.badges.length === 0) return null
  return (
    <ul className="flex flex-wrap gap-1">
      {listing.badges.map((one, at) => (
        <li key={at} title={one.kind === 'verified' ? t.badges.until(moment(Number(one.detail.until))) : undefined} className="rounded border border-line px-2 text-xs text-good">
          {said(one)}
        </li>
      ))}
    </ul>
  )
}

export function Standing({ listing }: { listing: Listing }) {
  const { stars, ratings, uses, seconds, quality } = listing.standing
  return (
    <p className="flex flex-wrap gap-x-3 text-soft text-xs">
      <span>{stars === null ? t.unrated : t.stars(number(stars), ratings)}</span>
      {uses > 0 && <span>{t.uses(number(uses))}</span>}
      {quality !== null && <span>{t.quality(amount(quality.value, quality.unit), quality.metric)}</span>}
      {seconds !== null && <span>{t.seconds(duration(seconds))}</span>}
    </p>
  )
}
