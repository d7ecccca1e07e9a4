// Sends a file, and says how much of it is there: XMLHttpRequest, since fetch does not tell.
import type { File_ } from './client'
import { base, Lost, lost } from './connection'
import { told } from './problem'
import { csrf, signedIn } from './session'

/** Raises Problem, Lost, and AbortError when `signal` says so. */
export async function upload(
  file: Blob,
  name: string,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<File_> {
  for (;;) {
    const { status, body } = await sent(file, name, onProgress, signal)
    if (status === 201) return body as File_
    if (status !== 401) throw told(status, body)
    await signedIn()
  }
}

function sent(
  file: Blob,
  name: string,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `${base}v1/files?name=${encodeURIComponent(name.slice(-200))}`)
    request.setRequestHeader('content-type', file.type || 'application/octet-stream')
    const token = csrf()
    if (token !== null) request.setRequestHeader('x-csrf-token', token)
    request.responseType = 'json'
    request.upload.onprogress = (event) => onProgress(event.loaded / Math.max(1, event.total))
    request.onload = () => resolve({ status: request.status, body: request.response })
    request.onerror = () => {
      lost()
      reject(new Lost('the server cannot be reached'))
    }
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    if (signal.aborted) return reject(new DOMException('stopped', 'AbortError'))
    request.send(file)
  })
}
