// One person: their pictures, what is learnt of them, their portraits, and the way to forget them.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { base } from '../../api/connection'
import { type Forgotten, type Person, person } from '../../api/people'
import { useSession } from '../../api/session'
import { t } from '../../texts/people'
import { moment } from '../../ui/format'
import { Card, Fault, Loading, Page } from '../../ui/parts'
import { Snippets } from '../../ui/Snippets'
import { sending } from '../enhance/sending'
import { Collected } from './Collected'
import { Drawing } from './Drawing'
import { Forget, Gone } from './Forget'
import { Gallery } from './Gallery'
import { Learn } from './Learn'
import { useLearning } from './learning'
import { State } from './State'

export function OnePerson() {
  const { id } = useParams({ strict: false }) as { id: string }
  const [gone, setGone] = useState<[string, Forgotten] | null>(null)
  const found = useQuery({
    queryKey: ['person', id],
    queryFn: () => person(id),
    enabled: gone === null,
    refetchInterval: (query) => (query.state.data?.state === 'training' ? 2000 : false),
  })
  if (gone !== null) return <Gone name={gone[0]} gone={gone[1]} />
  if (found.isPending) return <Loading />
  const known = found.data
  return (
    <Page
      title={known?.name ?? t.title}
      actions={
        <Link to="/people" className="text-accent underline">
          {t.back}
        </Link>
      }
    >
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {known !== undefined && <Sheets key={id} known={known} onGone={(what) => setGone([known.name, what])} />}
    </Page>
  )
}

function Sheets({ known, onGone }: { known: Person; onGone: (gone: Forgotten) => void }) {
  const { session } = useSession()
  const writes = session?.scopes.includes('people:write') ?? false
  const learning = useLearning(known, true)
  const drawn = known.version !== null
  /** Nothing is to be decided: that it could be learnt again comes after what can be done now. */
  const settled = known.state === 'ready' && known.versions[0]?.state === 'ready' && known.odd.length === 0
  const learn = <Learn person={known} learning={learning} writes={writes} />
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <State person={known} part={learning.part} />
        {known.version !== null && <span className="text-soft">{t.version(known.version)}</span>}
        <code className="text-xs text-soft break-all">{known.id}</code>
      </div>
      {!settled && learn}
      {drawn && (
        <div className="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
          {writes && <Drawing person={known} />}
          <Gallery person={known} />
        </div>
      )}
      <Collected person={known} writes={writes}>
        {settled && learn}
      </Collected>
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title={t.consented}>
          <p>{t.agreed(known.consent.who, moment(known.consent.given_at))}</p>
          <details>
            <summary className="min-h-7 text-soft">{t.toWhat}</summary>
            <p className="max-w-prose break-words">{known.consent.text}</p>
            <code className="text-xs text-soft break-all">{`SHA-256 ${known.consent.digest}`}</code>
          </details>
          {writes && <Forget person={known} onGone={onGone} />}
        </Card>
        {writes && (
          <Card title={t.pictureCode}>
            <Snippets snippets={sending(`${base}v1/people/${known.id}/pictures?name=photo.jpg`, 'result.json', session?.user != null)} />
          </Card>
        )}
      </div>
    </>
  )
}
