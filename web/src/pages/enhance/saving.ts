// Results as files of this machine: what they are called, and how a browser saves them.
import type { Result, Run } from '../../api/client'

/** Let the browser save what is at `url`. */
export function save(url: string, name: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  if (url.startsWith('blob:')) setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** What a result is called: as the original, what was done, the suffix of its format. */
export function resultName(original: string, run: Run): string {
  const result = run.output?.image as Result
  const suffix = (result.media_type.split('/')[1] ?? 'bin').replace('jpeg', 'jpg').replace('tiff', 'tif')
  const scale = Number(run.input.scale ?? 2)
  return `${original.replace(/\.[^./]*$/, '')}@${scale === 1 ? 'mended' : `${scale}x`}.${suffix}`
}
