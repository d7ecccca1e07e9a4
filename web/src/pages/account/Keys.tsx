// Keys: made with scopes, shown once, revoked.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, data } from '../../api/client'
import { t as common } from '../../texts/en'
import { t } from '../../texts/account'
import { copyText } from '../../ui/copying'
import { useDoing } from '../../ui/doing'
import { moment } from '../../ui/format'
import { Button, Card, Fault, FIELD, Field, Loading, Select } from '../../ui/parts'

interface Key {
  id: string
  name: string
  scopes: string[]
  secret?: string
  expires_at: number | null
  revoked_at: number | null
  used_at?: number | null
}

/** Seconds that an old secret goes on beside a new one: a day to put the new one everywhere. */
const OVERLAP = 86_400
const USUAL = ['images', 'runs:read', 'runs:write', 'files:read', 'files:write']

export function Keys({ scopes }: { scopes: string[] }) {
  const client = useQueryClient()
  const found = useQuery({
    queryKey: ['keys'],
    queryFn: async () => ((await data(api.GET('/v1/keys'))) as unknown as { data: Key[] }).data,
  })
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<Key | null>(null)
  const doing = useDoing()
  const fresh = () => client.invalidateQueries({ queryKey: ['keys'] })
  const revoke = (key: string) => doing.run(() => data(api.DELETE('/v1/keys/{key}', { params: { path: { key } } })).finally(fresh))
  const rotate = (key: string) =>
    doing.run(async () => {
      setMade((await data(api.POST('/v1/keys/{key}/rotate', { params: { path: { key } }, body: { overlap: OVERLAP } }))) as unknown as Key)
      await fresh()
    })
  return (
    <Card title={t.keys}>
      {made?.secret !== undefined && <Secret key={made.secret} secret={made.secret} />}
      {making ? (
        <NewKey
          scopes={scopes}
          onDone={(key) => {
            setMade(key)
            setMaking(false)
            void fresh()
          }}
          onCancel={() => setMaking(false)}
        />
      ) : (
        <div>
          <Button onClick={() => setMaking(true)}>{t.newKey}</Button>
        </div>
      )}
      {doing.fault !== null && <Fault error={doing.fault} />}
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <p className="text-soft">{t.noKeys}</p>}
      <ul className="grid gap-2">
        {found.data?.map((key) => (
          <li key={key.id} className="flex items-start justify-between gap-3 border-t border-line pt-2">
            <div className="min-w-0">
              <p className="truncate">
                {key.name} <code className="text-xs text-soft">{key.id}</code>
              </p>
              <p className="text-soft text-xs break-words">{key.scopes.join(' ')}</p>
              <p className="text-soft text-xs">{`${t.expires}: ${key.expires_at === null ? t.never.toLowerCase() : moment(key.expires_at)}`}</p>
            </div>
            {key.revoked_at === null ? (
              <div className="flex flex-wrap justify-end gap-2">
                <Button aria-label={`${t.rotate}: ${key.name}`} disabled={doing.busy} onClick={() => void rotate(key.id)}>
                  {t.rotate}
                </Button>
                <Button kind="danger" aria-label={`${t.revoke} ${key.name}`} disabled={doing.busy} onClick={() => void revoke(key.id)}>
                  {t.revoke}
                </Button>
              </div>
            ) : (
              <span className="text-soft">{t.revoked}</span>
            )}
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Secret({ secret }: { secret: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <div role="status" className="grid gap-2 rounded-md border border-edge p-3">
      <p className="text-warn">{t.secret}</p>
      <code className="break-all" data-testid="secret">
        {secret}
      </code>
      <div>
        <Button onClick={() => void copyText(secret).then(() => setCopied(true))}>{copied ? common.copied : common.copy}</Button>
      </div>
    </div>
  )
}

function NewKey({ scopes, onDone, onCancel }: { scopes: string[]; onDone: (key: Key) => void; onCancel: () => void }) {
  const [fault, setFault] = useState<unknown>(null)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const days = Number(form.get('days'))
    setFault(null)
    try {
      const key = await data(
        api.POST('/v1/keys', {
          body: {
            name: String(form.get('name')),
            scopes: form.getAll('scope').map(String),
            origins: [],
            expires_in: days > 0 ? days * 86_400 : null,
          },
        }),
      )
      onDone(key as unknown as Key)
    } catch (error) {
      setFault(error)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="grid gap-3">
      <Field label={t.keyName}>
        <input name="name" required maxLength={80} autoFocus className={FIELD} />
      </Field>
      <fieldset>
        <legend className="text-soft">{t.scopes}</legend>
        <div className="grid grid-cols-2 gap-1">
          {scopes.map((scope) => (
            <label key={scope} className="flex min-h-7 items-center gap-2">
              <input type="checkbox" name="scope" value={scope} defaultChecked={USUAL.includes(scope)} className="size-4 accent-accent" />
              {scope}
            </label>
          ))}
        </div>
      </fieldset>
      <Field label={t.expires}>
        <Select name="days" defaultValue="90">
          {[30, 90, 365].map((days) => (
            <option key={days} value={days}>
              {t.days(days)}
            </option>
          ))}
          <option value="0">{t.never}</option>
        </Select>
      </Field>
      {fault !== null && <Fault error={fault} />}
      <div className="flex gap-2">
        <Button kind="first" type="submit">
          {t.newKey}
        </Button>
        <Button onClick={onCancel}>{common.cancel}</Button>
      </div>
    </form>
  )
}
