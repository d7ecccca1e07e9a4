// Who are you? Above the page, so that nothing on it is lost.
import { type FormEvent, useEffect, useState } from 'react'
import { base } from './api/connection'
import { messageOf } from './api/problem'
import { signIn, type Ways, ways } from './api/session'
import { t } from './texts/en'
import { Button, buttonClass, FIELD, Field, Notice } from './ui/parts'
import { Sheet } from './ui/Sheet'

export function SignIn({ expired }: { expired: boolean }) {
  const [known, setKnown] = useState<Ways>({ needed: true, password: true, oidc: false })
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  useEffect(() => void ways().then(setKnown, () => undefined), [])
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setFault('')
    try {
      await signIn(String(form.get('email')), String(form.get('password')))
    } catch (error) {
      setFault(messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Sheet label={t.signIn.title}>
      <h1>{t.signIn.title}</h1>
      {expired && <Notice kind="warn">{t.signIn.expired}</Notice>}
      <form onSubmit={(event) => void submit(event)} className="grid gap-3">
        <Field label={t.signIn.email}>
          <input name="email" type="email" autoComplete="username" required autoFocus className={FIELD} />
        </Field>
        <Field label={t.signIn.password}>
          <input name="password" type="password" autoComplete="current-password" required className={FIELD} />
        </Field>
        {fault !== '' && (
          <p role="alert" className="text-danger">
            {fault}
          </p>
        )}
        <Button kind="first" type="submit" disabled={busy}>
          {t.signIn.go}
        </Button>
        {known.oidc && (
          <a href={`${base}v1/sessions/oidc`} className={buttonClass()}>
            {t.signIn.elsewhere}
          </a>
        )}
      </form>
    </Sheet>
  )
}
