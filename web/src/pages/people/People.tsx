// Everybody who was entered, and how far they are.
import { Link } from '@tanstack/react-router'
import { people, type Person } from '../../api/people'
import { usePages } from '../../api/pages'
import { useSession } from '../../api/session'
import { t } from '../../texts/people'
import { More } from '../../ui/More'
import { buttonClass, Empty, Fault, Loading, Page } from '../../ui/parts'
import { useLearning } from './learning'
import { State } from './State'

/** People whose learning is followed at once: each takes a line, of which browsers have six. */
const FOLLOWED = 2

export function People() {
  const { session } = useSession()
  const { found, all } = usePages(['people'], people, { every: (known) => (known.some(({ state }) => state === 'training') ? 2000 : false) })
  const followed = all.filter(({ state }) => state === 'training').slice(0, FOLLOWED)
  const enter = session?.scopes.includes('people:write') && (
    <Link to="/people/new" className={buttonClass('first')}>
      {t.enter}
    </Link>
  )
  const empty = found.isSuccess && all.length === 0
  return (
    <Page title={t.title} lead={t.lead} actions={!empty && enter}>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {empty && (
        <div className="grid gap-4">
          <Empty>{t.none}</Empty>
          <div className="justify-self-center">{enter}</div>
        </div>
      )}
      <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {all.map((one) => (
          <li key={one.id}>
            <Shown person={one} live={followed.includes(one)} />
          </li>
        ))}
      </ul>
      <More found={found} />
    </Page>
  )
}

function Shown({ person, live }: { person: Person; live: boolean }) {
  const { part } = useLearning(person, live)
  const facts = [t.counted(person.pictures, person.pictures_needed), ...(person.version === null ? [] : [t.version(person.version)])]
  return (
    <Link
      to="/people/$id"
      params={{ id: person.id }}
      className="grid h-full content-start gap-2 rounded-lg border border-line bg-sheet p-4 no-underline hover:border-edge min-w-0"
    >
      <span className="font-semibold break-words">{person.name}</span>
      <State person={person} part={part} />
      <span className="text-soft">{facts.join(', ')}</span>
      {(person.state === 'ready' || person.state === 'failed') && person.odd.length > 0 && <span className="text-warn">{t.doubted(person.odd.length)}</span>}
      {person.state === 'failed' && <span className="text-xs text-danger break-words">{person.versions[0]?.error}</span>}
    </Link>
  )
}
