// Numbers and times as people read them.

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = count
  let unit = 'B'
  while (value >= 999.5 && units.length > 0) {
    value /= 1000
    unit = units.shift() as string
  }
  return `${value < 10 && unit !== 'kB' ? value.toFixed(1) : Math.round(value)} ${unit}`
}

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}

export function between(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
}

const today = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const earlier = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

export function moment(at: string | number): string {
  const date = new Date(typeof at === 'number' ? at * 1000 : at)
  return (Math.abs(Date.now() - date.getTime()) < 12 * 3600_000 ? today : earlier).format(date)
}

export function number(value: number): string {
  return value.toLocaleString(undefined, { maximumFractionDigits: value < 100 ? 2 : 0 })
}
