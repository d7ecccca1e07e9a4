// What was dropped, pasted or chosen -> files; folders are walked.

export async function filesOf(items: DataTransfer): Promise<File[]> {
  const entries = [...items.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry != null)
  if (entries.length === 0) return [...items.files]
  return (await Promise.all(entries.map((entry) => walked(entry, true)))).flat()
}

/** Hidden files and whatever is no picture by name are passed over inside folders, not at the top. */
async function walked(entry: FileSystemEntry, top: boolean): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    return top || isPicture(file) ? [file] : []
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: File[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return found
    for (const one of some) found.push(...(await walked(one, false)))
  }
}

export function isPicture(file: File): boolean {
  return !file.name.startsWith('.') && (file.type.startsWith('image/') || /\.(tiff?|avif|hei[cf])$/i.test(file.name))
}
