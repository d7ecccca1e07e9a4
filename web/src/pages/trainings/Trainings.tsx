// All trainings of the account, and how far each is.
import { Link } from '@tanstack/react-router'
import { usePages } from '../../api/pages'
import { useSession } from '../../api/session'
import { useTold } from '../../api/told'
import { isOver, type Training, trainings } from '../../api/trainings'
import { t } from '../../texts/trainings'
import { between, duration, moment } from '../../ui/format'
import { More } from '../../ui/More'
import { Bar, buttonClass, Empty, Fault, Loading, Page } from '../../ui/parts'
import { State } from '../runs/State'
import { Parts } from './Parts'
import { after, NOTHING } from './told'

/** Trainings that are followed at once: each takes a line, of which browsers have six. */
const FOLLOWED = 2

export function Trainings() {
  const { session } = useSession()
  const { found, all } = usePages(['trainings'], trainings, { every: (known) => (known.some((one) => !isOver(one)) ? 2000 : false) })
  const followed = all.filter(({ status }) => status === 'running').slice(0, FOLLOWED)
  const start = session?.scopes.includes('models:write') && (
    <Link to="/trainings/new" className={buttonClass('first')}>
      {t.start}
    </Link>
  )
  const empty = found.isSuccess && all.length === 0
  return (
    <Page title={t.title} lead={t.lead} actions={!empty && start}>
      <Parts />
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {empty && (
        <div className="grid gap-4">
          <Empty>{t.none}</Empty>
          <div className="justify-self-center">{start}</div>
        </div>
      )}
      {all.length > 0 && (
        <ul className="grid rounded-lg border border-line bg-sheet">
          {all.map((one) => (
            <li key={one.id} className="border-line not-first:border-t">
              <Row training={one} live={followed.includes(one)} />
            </li>
          ))}
        </ul>
      )}
      <More found={found} />
    </Page>
  )
}

function Row({ training, live }: { training: Training; live: boolean }) {
  const { part } = useTold({ path: live ? `v1/trainings/${training.id}/events` : null, empty: NOTHING, after })
  const seconds = between(training.started_at, training.finished_at)
  const facts = [t.from(training.data || t.everything), ...(training.model === null ? [] : [t.makes(training.model)])]
  return (
    <Link
      to="/trainings/$id"
      params={{ id: training.id }}
      className="grid grid-cols-[7rem_minmax(0,1fr)_auto] items-center gap-3 px-3 py-2 no-underline hover:bg-raised focus-visible:-outline-offset-2 sm:grid-cols-[7rem_minmax(0,1fr)_14rem_5rem]"
    >
      <State status={training.status} />
      <span className="min-w-0">
        <span className="block truncate">
          {training.recipe} <span className="text-soft">{facts.join(', ')}</span>
        </span>
        {training.status === 'failed' && <span className="block truncate text-xs text-danger">{training.error?.message}</span>}
        {training.status === 'running' && (
          <span className="block pt-1">
            <Bar part={part} label={training.recipe} />
          </span>
        )}
      </span>
      <time className="text-soft max-sm:hidden">{moment(training.created_at)}</time>
      <span className="text-right text-soft">{training.status === 'running' && part !== null ? t.part(part) : seconds === null ? '' : duration(seconds)}</span>
    </Link>
  )
}
