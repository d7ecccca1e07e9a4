// Sends a file, and says how much of it is there: XMLHttpRequest, since fetch does not tell.
//
//   small    -> POST /v1/files, whole
//   larger   -> in parts, by tus; what is there stays there when the line breaks or the page is closed
import { api, data, type File_, send } from './client'
import { base, Lost, lost, persist } from './connection'
import { Problem, told } from './problem'
import { csrf, signedIn } from './session'

/** Bytes from which a file goes in parts, and of a part. */
const LARGE = 16 * 2 ** 20
const PART = 8 * 2 ** 20
const TUS = { 'tus-resumable': '1.0.0' }

type Progress = (part: number) => void
export interface Begun {
  /** Of an upload in parts that was begun before; another is begun when the server no longer has it. */
  id?: string | undefined
  /** Told the id as soon as there is one. */
  onId: (id: string) => void
}

/** Raises Problem, and AbortError when `signal` says so; waits while the server cannot be reached. */
export async function upload(file: Blob, name: string, onProgress: Progress, signal: AbortSignal, begun?: Begun): Promise<File_> {
  if (file.size < LARGE) return persist(() => whole(file, name, onProgress, signal))
  const [id, there] = await begin(file, name, begun)
  for (let offset = there; offset < file.size; ) {
    offset = await persist(() => part(file, id, onProgress, signal))
    onProgress(offset / file.size)
  }
  return persist(() => data(api.GET('/v1/files/{id}', { params: { path: { id } } })))
}

async function whole(file: Blob, name: string, onProgress: Progress, signal: AbortSignal): Promise<File_> {
  const address = `${base}v1/files?name=${encodeURIComponent(name.slice(-200))}`
  const headers = { 'content-type': file.type || 'application/octet-stream' }
  return (await sent('POST', address, headers, file, (bytes) => onProgress(bytes / file.size), signal)) as File_
}

/** The id of an upload, and how much of it is there. */
async function begin(file: Blob, name: string, begun: Begun | undefined): Promise<[string, number]> {
  const known = begun?.id
  if (known !== undefined) {
    const there = await persist(() => offsetOf(known)).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 404) return null
      throw error
    })
    if (there !== null) return [known, there]
  }
  const headers = { ...TUS, 'upload-length': String(file.size), 'upload-metadata': `filename ${base64(name.slice(-200))},filetype ${base64(file.type)}` }
  const made = await persist(() => send(new Request(`${base}v1/files/uploads`, { method: 'POST', headers })))
  const id = (made.headers.get('location') ?? '').split('/').at(-1) ?? ''
  begun?.onId(id)
  return [id, 0]
}

const place = (id: string): string => `${base}v1/files/uploads/${encodeURIComponent(id)}`

async function offsetOf(id: string): Promise<number> {
  const found = await send(new Request(place(id), { method: 'HEAD', headers: TUS }))
  return Number(found.headers.get('upload-offset'))
}

/** Sends the next part; returns how much is there then. A part that broke off is begun where the server is. */
async function part(file: Blob, id: string, onProgress: Progress, signal: AbortSignal): Promise<number> {
  const from = await offsetOf(id)
  const body = file.slice(from, from + PART)
  if (body.size === 0) return from
  const headers = { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(from) }
  await sent('PATCH', place(id), headers, body, (bytes) => onProgress((from + bytes) / file.size), signal)
  return from + body.size
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

/** The body of a good answer; waits until somebody has signed in. */
export async function sent(
  method: string,
  address: string,
  headers: Record<string, string>,
  body: Blob,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<unknown> {
  for (;;) {
    const answer = await tried(method, address, headers, body, onBytes, signal)
    if (answer.status < 300) return answer.body
    if (answer.status !== 401) throw told(answer.status, answer.body)
    await signedIn()
  }
}

function tried(
  method: string,
  address: string,
  headers: Record<string, string>,
  body: Blob,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, address)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    const token = csrf()
    if (token !== null) request.setRequestHeader('x-csrf-token', token)
    request.responseType = 'json'
    request.upload.onprogress = (event) => onBytes(event.loaded)
    request.onload = () => resolve({ status: request.status, body: request.response })
    request.onerror = () => {
      lost()
      reject(new Lost('the server cannot be reached'))
    }
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    if (signal.aborted) return reject(new DOMException('stopped', 'AbortError'))
    request.send(body)
  })
}
