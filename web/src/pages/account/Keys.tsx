// Keys: made with scopes, shown once, revoked.
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, data } from '../../api/client'
import { usePages } from '../../api/pages'
import type { components } from '../../api/schema'
import { t as common } from '../../texts/en'
import { t } from '../../texts/account'
import { Copy } from '../../ui/Copy'
import { useDoing } from '../../ui/doing'
import { moment } from '../../ui/format'
import { More } from '../../ui/More'
import { Button, Card, Fault, FIELD, Field, Loading, Select } from '../../ui/parts'

type Made = components['schemas']['KeyMade']

/** Seconds that an old secret goes on beside a new one: a day to put the new one everywhere. */
const OVERLAP = 86_400
const USUAL = ['images', 'runs:read', 'runs:write', 'files:read', 'files:write']

export function Keys({ scopes }: { scopes: string[] }) {
  const client = useQueryClient()
  const { found, all } = usePages(['keys'], (before) => data(api.GET('/v1/keys', { params: { query: { before } } })))
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<{ secret: string; rotated: boolean } | null>(null)
  const doing = useDoing()
  const fresh = () => client.invalidateQueries({ queryKey: ['keys'] })
  const revoke = (key: string) => doing.run(() => data(api.DELETE('/v1/keys/{key}', { params: { path: { key } } })).finally(fresh))
  const rotate = (key: string) =>
    doing.run(async () => {
      const { secret } = await data(api.POST('/v1/keys/{key}/rotate', { params: { path: { key } }, body: { overlap: OVERLAP } }))
      setMade({ secret, rotated: true })
      await fresh()
    })
  return (
    <Card title={t.keys}>
      {made !== null && <Secret key={made.secret} {...made} />}
      {making ? (
        <NewKey
          scopes={scopes}
          onDone={({ secret }) => {
            setMade({ secret, rotated: false })
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
      {found.isSuccess && all.length === 0 && <p className="text-soft">{t.noKeys}</p>}
      <ul className="grid gap-2">
        {all.map((key) => (
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
      <More found={found} />
    </Card>
  )
}

function Secret({ secret, rotated }: { secret: string; rotated: boolean }) {
  return (
    <div role="status" className="grid gap-2 rounded-md border border-edge p-3">
      <p className="text-warn">{rotated ? `${t.secret} ${t.rotated}` : t.secret}</p>
      <code className="break-all" data-testid="secret">
        {secret}
      </code>
      <div>
        <Copy text={secret} />
      </div>
    </div>
  )
}

function NewKey({ scopes, onDone, onCancel }: { scopes: string[]; onDone: (key: Made) => void; onCancel: () => void }) {
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const days = Number(form.get('days'))
    const body = { name: String(form.get('name')), scopes: form.getAll('scope').map(String), origins: [], expires_in: days > 0 ? days * 86_400 : null }
    void run(async () => onDone(await data(api.POST('/v1/keys', { body }))))
  }
  return (
    <form onSubmit={submit} className="grid gap-3">
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
        <Button kind="first" type="submit" disabled={busy}>
          {t.newKey}
        </Button>
        <Button onClick={onCancel}>{common.cancel}</Button>
      </div>
    </form>
  )
}
