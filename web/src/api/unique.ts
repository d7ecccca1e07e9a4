// A name that nothing else has. `crypto.randomUUID` is missing where a page came over plain HTTP.
export function unique(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
