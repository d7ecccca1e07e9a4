// Keys: made with scopes, shown once, revoked.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, data } from '../../api/client'
import { t } from '../../texts/en'
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

const USUAL = ['images', 'runs:read', 'runs:write', 'files:read', 'files:write']

export function Keys({ scopes }: { scopes: string[] }) {
  const client = useQueryClient()
  const found = useQuery({
    queryKey: ['keys'],
    queryFn: async () => ((await data(api.GET('/v1/keys'))) as unknown as { data: Key[] }).data,
  })
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<Key | null>(null)
  const [fault, setFault] = useState<unknown>(null)
  const revoke = async (key: string) => {
    setFault(null)
    try {
      await data(api.DELETE('/v1/keys/{key}', { params: { path: { key } } }))
      await client.invalidateQueries({ queryKey: ['keys'] })
    } catch (error) {
      setFault(error)
    }
  }
  return (
    <Card title={t.account.keys}>
      {made?.secret !== undefined && <Secret secret={made.secret} />}
      {making ? (
        <NewKey
          scopes={scopes}
          onDone={(key) => {
            setMade(key)
            setMaking(false)
            void client.invalidateQueries({ queryKey: ['keys'] })
          }}
          onCancel={() => setMaking(false)}
        />
      ) : (
        <div>
          <Button onClick={() => setMaking(true)}>{t.account.newKey}</Button>
        </div>
      )}
      {fault !== null && <Fault error={fault} />}
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <p className="text-soft">{t.account.noKeys}</p>}
      <ul className="grid gap-2">
        {found.data?.map((key) => (
          <li key={key.id} className="flex items-start justify-between gap-3 border-t border-line pt-2">
            <div className="min-w-0">
              <p className="truncate">
                {key.name} <code className="text-xs text-soft">{key.id}</code>
              </p>
              <p className="text-soft text-xs break-words">{key.scopes.join(' ')}</p>
              <p className="text-soft text-xs">{`${t.account.expires}: ${key.expires_at === null ? t.account.never.toLowerCase() : moment(key.expires_at)}`}</p>
            </div>
            {key.revoked_at === null ? (
              <Button kind="danger" aria-label={`${t.account.revoke} ${key.name}`} onClick={() => void revoke(key.id)}>
                {t.account.revoke}
              </Button>
            ) : (
              <span className="text-soft">{t.account.revoked}</span>
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
      <p className="text-warn">{t.account.secret}</p>
      <code className="break-all" data-testid="secret">
        {secret}
      </code>
      <div>
        <Button onClick={() => void navigator.clipboard.writeText(secret).then(() => setCopied(true))}>{copied ? t.copied : t.copy}</Button>
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
      <Field label={t.account.keyName}>
        <input name="name" required maxLength={80} autoFocus className={FIELD} />
      </Field>
      <fieldset>
        <legend className="text-soft">{t.account.scopes}</legend>
        <div className="grid grid-cols-2 gap-1">
          {scopes.map((scope) => (
            <label key={scope} className="flex min-h-7 items-center gap-2">
              <input type="checkbox" name="scope" value={scope} defaultChecked={USUAL.includes(scope)} className="size-4 accent-accent" />
              {scope}
            </label>
          ))}
        </div>
      </fieldset>
      <Field label={t.account.expires}>
        <Select name="days" defaultValue="90">
          {[30, 90, 365].map((days) => (
            <option key={days} value={days}>
              {t.account.days(days)}
            </option>
          ))}
          <option value="0">{t.account.never}</option>
        </Select>
      </Field>
      {fault !== null && <Fault error={fault} />}
      <div className="flex gap-2">
        <Button kind="first" type="submit">
          {t.account.newKey}
        </Button>
        <Button onClick={onCancel}>{t.cancel}</Button>
      </div>
    </form>
  )
}
