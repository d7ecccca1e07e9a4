// Results as one archive: fetched one after another, packed as they come.
import { downloadZip } from 'client-zip'
import { api, contentOf, data, type Result, type Run, send } from '../../api/client'
import { localOf } from './uploads'

interface Writable {
  createWritable(): Promise<WritableStream<Uint8Array>>
}
declare global {
  interface Window {
    showSaveFilePicker?: (options: { suggestedName: string }) => Promise<Writable>
  }
}

const ARCHIVE = 'printroom.zip'

/** `onFile`: how many are in it. Where a browser can, it goes straight to the disk. */
export async function downloadAll(runs: Run[], onFile: (count: number) => void): Promise<void> {
  const zip = downloadZip(files(runs, onFile))
  if (window.showSaveFilePicker !== undefined && !navigator.webdriver) {
    const target = await window.showSaveFilePicker({ suggestedName: ARCHIVE })
    await zip.body?.pipeTo(await target.createWritable())
    return
  }
  save(URL.createObjectURL(await zip.blob()), ARCHIVE)
}

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

async function* files(runs: Run[], onFile: (count: number) => void) {
  const names = new Map<string, number>()
  let count = 0
  for (const run of runs) {
    const result = run.output?.image as Result
    const name = resultName(await originalName(String(run.input.image)), run)
    const times = names.get(name) ?? 0
    names.set(name, times + 1)
    onFile(++count)
    yield {
      name: times === 0 ? name : name.replace(/(\.[^.]*)$/, ` (${times + 1})$1`),
      lastModified: new Date(run.finished_at ?? run.created_at),
      input: await send(new Request(contentOf(result.file))),
    }
  }
}

async function originalName(file: string): Promise<string> {
  const here = localOf(file)
  if (here !== undefined) return here.name
  const found = api.GET('/v1/files/{id}', { params: { path: { id: file } } })
  return data(found).then((one) => one.name || file, () => file)
}
