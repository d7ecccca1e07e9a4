// What was dropped, pasted or chosen -> pictures with their paths; folders are walked.

export interface Chosen {
  file: File
  /** With the folders that it lies in, from the one that was chosen on. */
  path: string
}

/** Files of an input, or of the clipboard. */
export const plain = (files: Iterable<File>): Chosen[] => [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }))

export async function filesOf(items: DataTransfer): Promise<Chosen[]> {
  const entries = [...items.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry != null)
  if (entries.length === 0) return plain(items.files)
  return (await Promise.all(entries.map((entry) => walked(entry, true)))).flat()
}

/** Hidden files and whatever is no picture by name are passed over inside folders, not at the top. */
async function walked(entry: FileSystemEntry, top: boolean): Promise<Chosen[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    return top || isPicture(file) ? [{ file, path: entry.fullPath.replace(/^\//, '') }] : []
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: Chosen[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return found
    for (const one of some) found.push(...(await walked(one, false)))
  }
}

const SUFFIX = /\.(jpe?g|jfif|png|webp|tiff?|avif|hei[cf])$/i

/** Whether a name or kind says that it may be a picture; the server looks at the bytes. */
export const pictured = (name: string, kind = ''): boolean => kind.startsWith('image/') || SUFFIX.test(name)

export const isPicture = (file: File): boolean => !file.name.startsWith('.') && pictured(file.name, file.type)
