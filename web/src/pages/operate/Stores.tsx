// Stores of the account: added, tested, forgotten. Secrets go in, and are never shown.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { forgetStore, keepStore, type Store, stores, type Tested, testStore } from '../../api/stores'
import { t as common } from '../../texts/en'
import { t } from '../../texts/operate'
import { Confirm } from '../../ui/Confirm'
import { useDoing } from '../../ui/doing'
import { Button, Card, Empty, Fault, FIELD, Field, Loading, Select } from '../../ui/parts'
import { Frame, Refused } from './Frame'
import { addressOf, type Scheme, secretsOf, type Service, SERVICES } from './services'

export function Stores() {
  const client = useQueryClient()
  const found = useQuery({ queryKey: ['stores'], queryFn: stores })
  const [adding, setAdding] = useState(false)
  const fresh = () => client.invalidateQueries({ queryKey: ['stores'] })
  return (
    <Frame lead={t.stores.lead}>
      {adding ? (
        <Card title={t.stores.add}>
          <NewStore
            onDone={() => {
              setAdding(false)
              void fresh()
            }}
            onCancel={() => setAdding(false)}
          />
        </Card>
      ) : (
        <div>
          <Button kind="first" onClick={() => setAdding(true)}>
            {t.stores.add}
          </Button>
        </div>
      )}
      {found.isPending && <Loading />}
      {found.isError && <Refused error={found.error} scope="files:read" retry={() => void found.refetch()} />}
      {found.data?.length === 0 && !adding && <Empty>{t.stores.none}</Empty>}
      <ul className="grid gap-4 lg:grid-cols-2">
        {found.data?.map((store) => (
          <OneStore key={store.name} store={store} onGone={() => void fresh()} />
        ))}
      </ul>
    </Frame>
  )
}

function OneStore({ store, onGone }: { store: Store; onGone: () => void }) {
  const test = useDoing()
  const [tested, setTested] = useState<Tested | null>(null)
  const [asking, setAsking] = useState(false)
  const names = store.secrets.map((name) => (t.stores.secrets[name] ?? name).toLowerCase()).join(', ')
  return (
    <li className="grid content-start gap-2 rounded-lg border border-line bg-sheet p-4 min-w-0">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2>{store.name}</h2>
          <code className="text-xs break-all">{store.address}</code>
          <p className="text-soft text-xs">{names === '' ? t.stores.open : t.stores.secretsOf(names)}</p>
          {store.fixed && <p className="text-soft text-xs">{t.stores.fixed}</p>}
        </div>
        <div className="flex gap-2">
          <Button disabled={test.busy} aria-label={`${t.stores.test} ${store.name}`} onClick={() => void test.run(async () => setTested(await testStore(store.name)))}>
            {test.busy ? t.stores.testing : t.stores.test}
          </Button>
          {!store.fixed && (
            <Button kind="danger" aria-label={`${t.stores.remove} ${store.name}`} onClick={() => setAsking(true)}>
              {t.stores.remove}
            </Button>
          )}
        </div>
      </div>
      {test.fault !== null && <Fault error={test.fault} />}
      {tested !== null && !test.busy && <Findings tested={tested} />}
      {asking && (
        <Confirm title={t.stores.removing(store.name)} go={t.stores.remove} work={() => forgetStore(store.name).then(onGone)} onClose={() => setAsking(false)}>
          {t.stores.lost}
        </Confirm>
      )}
    </li>
  )
}

function Findings({ tested }: { tested: Tested }) {
  return (
    <div role="status" className="grid gap-1">
      <p className={tested.usable ? 'text-good' : 'text-danger'}>{tested.usable ? t.stores.usable : t.stores.useless}</p>
      <ul className="grid gap-1">
        {tested.findings.map((one) => (
          <li key={one.what} className="grid grid-cols-[1rem_1fr] gap-2 min-w-0">
            <span aria-hidden className={one.good ? 'text-good' : one.needed ? 'text-danger' : 'text-soft'}>
              {one.good ? '●' : one.needed ? '✕' : '–'}
            </span>
            <span className="min-w-0 break-words">
              {one.what}
              {one.told !== '' && <span className="text-soft">{`: ${one.told}`}</span>}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function NewStore({ onDone, onCancel }: { onDone: () => void; onCancel: () => void }) {
  const [scheme, setScheme] = useState<Scheme>('s3')
  const { busy, fault, run } = useDoing()
  const service: Service = SERVICES[scheme]
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    void run(async () => {
      await keepStore(String(form.get('name')), addressOf(scheme, form), secretsOf(scheme, form))
      onDone()
    })
  }
  return (
    <form onSubmit={submit} className="grid max-w-3xl items-start gap-3 sm:grid-cols-2">
      <Field label={t.stores.name} hint={t.stores.nameHint}>
        <input name="name" required maxLength={63} pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?" autoFocus className={FIELD} />
      </Field>
      <Field label={t.stores.service}>
        <Select value={scheme} onChange={(event) => setScheme(event.target.value as Scheme)}>
          {(Object.keys(SERVICES) as Scheme[]).map((one) => (
            <option key={one} value={one}>
              {t.stores.services[one]}
            </option>
          ))}
        </Select>
      </Field>
      {service.bucket !== undefined && (
        <Field label={t.stores[service.bucket]}>
          <input name="bucket" required className={FIELD} />
        </Field>
      )}
      <Field label={scheme === 'fs' ? t.stores.folder : t.stores.prefix} hint={scheme === 'fs' ? undefined : t.stores.optional}>
        <input name="prefix" required={scheme === 'fs'} className={FIELD} />
      </Field>
      {service.options.map((option) => (
        <Field key={option} label={t.stores.options[option]} hint={service.needed.includes(option) ? undefined : t.stores.optional}>
          <input name={option} required={service.needed.includes(option)} className={FIELD} />
        </Field>
      ))}
      {service.secrets.map((secret) => (
        <Field key={secret} label={t.stores.secrets[secret] ?? secret} hint={t.stores.optional}>
          <input name={secret} type="password" autoComplete="off" className={FIELD} />
        </Field>
      ))}
      <div className="grid gap-3 sm:col-span-2">
        {fault !== null && <Fault error={fault} />}
        <div className="flex gap-2">
          <Button kind="first" type="submit" disabled={busy}>
            {t.stores.keep}
          </Button>
          <Button onClick={onCancel}>{common.cancel}</Button>
        </div>
      </div>
    </form>
  )
}
