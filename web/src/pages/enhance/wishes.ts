// What somebody wants done: kept in the browser, written into runs and snippets.
import type { Format } from '../../api/client'
import { base } from '../../api/connection'
import type { Snippet } from '../../ui/Snippets'
import { sending } from './sending'

export const FIXES = ['dejpeg', 'denoise', 'lowlight', 'colour', 'deblur'] as const
export type Fix = (typeof FIXES)[number]
export interface Wishes {
  /** `auto`: what each picture needs; else those in `fixes`. */
  auto: boolean
  fixes: Fix[]
  scale: 1 | 2 | 4
  /** Sharp is there for 4 times alone. */
  look: Look
  /** null = that of the original. */
  format: Format | null
  /** 1 to 100, for formats that lose; null = the format's own. */
  quality: number | null
  metadata: Keep
}
export const LOOKS = ['faithful', 'sharp'] as const
export type Look = (typeof LOOKS)[number]
export const FORMATS: Format[] = ['jpeg', 'png', 'webp', 'tiff', 'avif']
export const QUALITIES = [60, 75, 85, 92, 98]
export const KEEPS = ['keep', 'copyright', 'strip'] as const
export type Keep = (typeof KEEPS)[number]
const NAME = 'printroom-wishes'
const FIRST: Wishes = { auto: true, fixes: [], scale: 2, look: 'faithful', format: null, quality: null, metadata: 'keep' }

export const fixOf = (wishes: Wishes): string => (wishes.auto ? 'auto' : wishes.fixes.join(',') || 'none')

export const lookOf = (wishes: Wishes): Look => (wishes.scale === 4 ? wishes.look : 'faithful')

/** Whether the result may be in a format to which quality means something. */
export const loses = (wishes: Wishes): boolean => wishes.format !== 'png' && wishes.format !== 'tiff'

/** The body of a run that does this with a file. */
export const wanted = (wishes: Wishes, file: string) => ({
  input: { image: file, fix: fixOf(wishes), scale: wishes.scale, look: lookOf(wishes) },
  output: { format: wishes.format, quality: loses(wishes) ? wishes.quality : null, metadata: wishes.metadata, previews: false },
})

/** What was wanted last time; whatever is odd about it is left out. */
export function kept(): Wishes {
  try {
    const found = JSON.parse(localStorage.getItem(NAME) ?? '{}') as Partial<Wishes>
    return {
      auto: found.auto !== false,
      fixes: FIXES.filter((fix) => found.fixes?.includes(fix)),
      scale: ([1, 2, 4] as const).find((one) => one === found.scale) ?? 2,
      look: LOOKS.find((one) => one === found.look) ?? 'faithful',
      format: FORMATS.find((one) => one === found.format) ?? null,
      quality: QUALITIES.find((one) => one === found.quality) ?? null,
      metadata: KEEPS.find((one) => one === found.metadata) ?? 'keep',
    }
  } catch {
    return FIRST
  }
}

export function keep(wishes: Wishes): void {
  localStorage.setItem(NAME, JSON.stringify(wishes))
}

/** The same as programs; `login`: whether the server asks who calls. */
export function snippets(wishes: Wishes, login: boolean): Snippet[] {
  const query = new URLSearchParams({ fix: fixOf(wishes), scale: String(wishes.scale) })
  if (lookOf(wishes) !== 'faithful') query.set('look', lookOf(wishes))
  if (wishes.format !== null) query.set('format', wishes.format)
  if (wishes.quality !== null && loses(wishes)) query.set('quality', String(wishes.quality))
  if (wishes.metadata !== 'keep') query.set('metadata', wishes.metadata)
  const url = `${base}v1/images/enhance?${query.toString().replaceAll('%2C', ',')}`
  const result = `result.${(wishes.format ?? 'jpeg').replace('jpeg', 'jpg')}`
  return sending(url, result, login)
}
