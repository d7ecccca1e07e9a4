// Who you are here, keys for programs, and what was used.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { account, rename } from '../../api/accounts'
import { useSession, signOut } from '../../api/session'
import { t } from '../../texts/account'
import { t as common } from '../../texts/en'
import { useDoing } from '../../ui/doing'
import { Button, Card, Fault, FIELD, Field, Page } from '../../ui/parts'
import { ThemeChoice } from '../../ui/ThemeChoice'
import { Close } from './Close'
import { Keys } from './Keys'
import { Usage } from './Usage'

export function Account() {
  const { session } = useSession()
  const may = (scope: string) => session?.scopes.includes(scope) ?? false
  return (
    <Page title={t.title} lead={t.lead}>
      <Card>
        <div className="flex flex-wrap items-center justify-between gap-3">
          <div>
            <p className="font-semibold">{session?.user?.email ?? session?.account.name}</p>
            <p className="text-soft">{session?.user == null ? t.local : session.account.name}</p>
          </div>
          <div className="sm:hidden">
            <ThemeChoice />
          </div>
          {session?.user != null && <Button onClick={() => void signOut()}>{common.signIn.out}</Button>}
        </div>
        {may('account') && <Names />}
      </Card>
      <div className="grid gap-4 lg:grid-cols-2">
        <Keys scopes={session?.scopes ?? []} />
        <Usage />
      </div>
      {session?.user != null && may('account') && <Close />}
    </Page>
  )
}

/** What the account is called, and what its things are named under. */
function Names() {
  const client = useQueryClient()
  const found = useQuery({ queryKey: ['account'], queryFn: account })
  const { busy, fault, run } = useDoing()
  const known = found.data
  if (known === undefined) return null
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const handle = String(form.get('handle') ?? '')
    void run(async () => {
      await rename(String(form.get('name')), handle === known.handle ? undefined : handle)
      await client.invalidateQueries({ queryKey: ['account'] })
    })
  }
  return (
    <form key={`${known.name} ${known.handle ?? ''}`} onSubmit={submit} className="grid items-start gap-3 border-t border-line pt-3 sm:grid-cols-[1fr_1fr_auto]">
      <Field label={t.name}>
        <input name="name" required maxLength={80} defaultValue={known.name} className={FIELD} />
      </Field>
      {known.handle !== undefined && (
        <Field label={t.handle} hint={t.handleHint}>
          <input name="handle" required maxLength={39} pattern="[a-z0-9][a-z0-9\-]+" defaultValue={known.handle} className={FIELD} />
        </Field>
      )}
      <Button type="submit" disabled={busy} className="sm:mt-6">
        {t.save}
      </Button>
      <div className="sm:col-span-3">{fault !== null && <Fault error={fault} />}</div>
    </form>
  )
}
