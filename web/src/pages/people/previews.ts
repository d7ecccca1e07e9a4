// Pictures of people as they were sent from this page. The server keeps them to learn from, and shows them to nobody again.
const addresses = new Map<string, string>()

/** `picture`: its id. */
export const remember = (picture: string, file: Blob): void => void addresses.set(picture, URL.createObjectURL(file))

/** An address to show it at; undefined for one that was sent from elsewhere, or before. */
export const previewOf = (picture: string): string | undefined => addresses.get(picture)

export function dismiss(pictures: string[]): void {
  for (const picture of pictures) {
    URL.revokeObjectURL(addresses.get(picture) ?? '')
    addresses.delete(picture)
  }
}
