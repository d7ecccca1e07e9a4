// A person is forgotten: what will be gone is said before, and what went after.
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { forget, type Forgotten, type Person, type Picture } from '../../api/people'
import { t } from '../../texts/people'
import { Confirm } from '../../ui/Confirm'
import { moment } from '../../ui/format'
import { Button, buttonClass, Card, Page } from '../../ui/parts'
import { dismiss } from './previews'

export function Forget({ person, onGone }: { person: Person; onGone: (gone: Forgotten) => void }) {
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const work = async () => {
    const gone = await forget(person.id)
    dismiss(client.getQueriesData<Picture[]>({ queryKey: ['pictures of', person.id] }).flatMap(([, found]) => (found ?? []).map(({ id }) => id)))
    onGone(gone)
    for (const kind of ['person', 'pictures of', 'portraits']) client.removeQueries({ queryKey: [kind, person.id] })
    void client.invalidateQueries({ queryKey: ['people'] })
    void client.invalidateQueries({ queryKey: ['runs'] })
  }
  return (
    <>
      <div>
        <Button kind="danger" onClick={() => setAsking(true)}>
          {t.forget.go}
        </Button>
      </div>
      {asking && (
        <Confirm title={t.forget.sure(person.name)} go={t.forget.yes(person.name)} work={work} onClose={() => setAsking(false)}>
          {t.forget.all(person.name, t.pictures(person.pictures), t.forget.versions(person.versions.length))}
        </Confirm>
      )}
    </>
  )
}

export function Gone({ name, gone }: { name: string; gone: Forgotten }) {
  const back = useRef<HTMLAnchorElement>(null)
  useEffect(() => back.current?.focus(), []) // what had the focus is gone
  return (
    <Page title={t.forget.done(name)}>
      <Card>
        <p role="status" className="max-w-prose">
          {t.forget.went(t.pictures(gone.pictures), gone.versions, gone.portraits)}
        </p>
        <p className="max-w-prose text-soft">{t.forget.stays(gone.consent, moment(gone.withdrawn_at))}</p>
        <div>
          <Link ref={back} to="/people" className={buttonClass('first')}>
            {t.back}
          </Link>
        </div>
      </Card>
    </Page>
  )
}
