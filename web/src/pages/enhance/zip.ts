// Results as one archive: fetched one after another, packed as they come, onto the disk.
import { downloadZip } from 'client-zip'
import { contentOf, type Result, type Run, send } from '../../api/client'
import { nameOf } from './List'
import { resultName, save } from './saving'

const ARCHIVE = 'printroom.zip'
/** Milliseconds after which the browser has saved an archive for certain. */
const OLD = 3600_000

/** `onFile`: how many are in it. */
export async function downloadAll(runs: Run[], onFile: (count: number) => void): Promise<void> {
  const zip = downloadZip(files(runs, onFile))
  const file = await place()
  if (file === null || zip.body === null) return save(URL.createObjectURL(await zip.blob()), ARCHIVE)
  await zip.body.pipeTo(await file.createWritable())
  save(URL.createObjectURL(await file.getFile()), ARCHIVE)
}

/** A file in the page's own folder on the disk; null where the browser has none: then it is packed in memory. */
async function place(): Promise<FileSystemFileHandle | null> {
  try {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('archives', { create: true })
    for await (const name of folder.keys()) if (Number.parseInt(name) < Date.now() - OLD) await folder.removeEntry(name)
    const file = await folder.getFileHandle(`${Date.now()}.zip`, { create: true })
    return 'createWritable' in file ? file : null
  } catch {
    return null
  }
}

async function* files(runs: Run[], onFile: (count: number) => void) {
  const names = new Map<string, number>()
  let count = 0
  for (const run of runs) {
    const result = run.output?.image as Result
    const name = resultName(nameOf(run), run)
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
