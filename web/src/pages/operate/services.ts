// The kinds of stores that a person can add here, and what each wants to know.
export interface Service {
  /** What stands behind `://`; none = the service has no buckets. */
  bucket?: 'bucket' | 'container'
  options: ('endpoint' | 'region' | 'account_name')[]
  /** Those without which it is of no use. */
  needed: string[]
  secrets: string[]
}

const CLOUD = ['access_token', 'refresh_token', 'client_id', 'client_secret']

export const SERVICES = {
  s3: { bucket: 'bucket', options: ['region', 'endpoint'], needed: [], secrets: ['access_key_id', 'secret_access_key'] },
  gcs: { bucket: 'bucket', options: [], needed: [], secrets: ['credential'] },
  azblob: { bucket: 'container', options: ['account_name', 'endpoint'], needed: [], secrets: ['account_key'] },
  b2: { bucket: 'bucket', options: ['region'], needed: ['region'], secrets: ['application_key_id', 'application_key'] },
  webdav: { options: ['endpoint'], needed: ['endpoint'], secrets: ['username', 'password'] },
  dropbox: { options: [], needed: [], secrets: CLOUD },
  gdrive: { options: [], needed: [], secrets: CLOUD },
  onedrive: { options: [], needed: [], secrets: CLOUD },
  fs: { options: [], needed: [], secrets: [] },
} satisfies Record<string, Service>
export type Scheme = keyof typeof SERVICES

/** `s3://bucket/folder?region=eu-west-1`, of what was typed into the form. */
export function addressOf(scheme: Scheme, form: FormData): string {
  const service: Service = SERVICES[scheme]
  const typed = (name: string) => String(form.get(name) ?? '').trim()
  const query = new URLSearchParams()
  for (const option of service.options) if (typed(option) !== '') query.set(option, typed(option))
  const path = typed('prefix').replace(/^\/+/, '').split('/').map(encodeURIComponent).join('/')
  const asked = query.toString()
  return `${scheme}://${typed('bucket')}/${path}${asked === '' ? '' : `?${asked}`}`
}

/** What opens it; what was left empty is not sent. */
export function secretsOf(scheme: Scheme, form: FormData): Record<string, string> {
  const given = SERVICES[scheme].secrets.map((name): [string, string] => [name, String(form.get(name) ?? '')])
  return Object.fromEntries(given.filter(([, secret]) => secret !== ''))
}
