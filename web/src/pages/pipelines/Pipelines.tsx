// All pipelines of this server.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { t } from '../../texts/en'
import { Empty, Fault, Loading, Page } from '../../ui/parts'
import { pipelines } from './api'

export function Pipelines() {
  const found = useQuery({ queryKey: ['pipelines'], queryFn: pipelines })
  return (
    <Page title={t.pipelines.title} lead={t.pipelines.lead}>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <Empty>{t.pipelines.none}</Empty>}
      <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {found.data?.map((one) => (
          <li key={one.id}>
            <Link
              to="/pipelines/$name"
              params={{ name: one.id }}
              className="grid h-full content-start gap-1 rounded-lg border border-line bg-sheet p-4 no-underline hover:border-edge"
            >
              <span className="font-semibold">{one.name}</span>
              <span>{one.title}</span>
              <span className="text-soft text-xs">{one.version === null ? t.pipelines.shipped : t.pipelines.version(one.version)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Page>
  )
}
