// All pipelines at hand, and a way to make one.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { t } from '../../texts/en'
import { buttonClass, Empty, Fault, Loading, Page } from '../../ui/parts'
import { type Line, pathOf, pipelines, SHIPPED } from './api'

export function Pipelines() {
  const found = useQuery({ queryKey: ['pipelines'], queryFn: pipelines })
  return (
    <Page
      title={t.pipelines.title}
      lead={t.pipelines.lead}
      actions={
        <Link to="/pipelines/new" className={buttonClass('first')}>
          {t.pipelines.make}
        </Link>
      }
    >
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <Empty>{t.pipelines.none}</Empty>}
      <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {found.data?.map((one) => (
          <li key={one.id} className="grid content-between gap-3 rounded-lg border border-line bg-sheet p-4">
            <Shown one={one} />
          </li>
        ))}
      </ul>
    </Page>
  )
}

function Shown({ one }: { one: Line }) {
  const shipped = one.owner === SHIPPED
  const told = [shipped ? t.pipelines.shipped : t.pipelines.version(one.version ?? 1), ...Object.keys(one.aliases)]
  const inside = (
    <>
      <span className="font-semibold">{one.name}</span>
      <span>{one.title}</span>
      <span className="text-soft text-xs">{told.join(', ')}</span>
      {one.fault !== null && <span className="text-danger text-xs">{`${t.pipelines.broken}: ${one.fault}`}</span>}
    </>
  )
  const look = 'grid gap-1 no-underline hover:underline'
  return (
    <>
      {shipped ? (
        <Link to="/pipelines/$name" params={{ name: one.name }} className={look}>
          {inside}
        </Link>
      ) : (
        <Link to="/pipelines/$owner/$name" params={pathOf(one)} className={look}>
          {inside}
        </Link>
      )}
      <div className="flex gap-4">
        <Link to="/pipelines/$owner/$name/edit" params={pathOf(one)} className="text-accent underline">
          {shipped ? t.pipelines.editCopy : t.pipelines.edit}
        </Link>
        {!shipped && (
          <Link to="/pipelines/$owner/$name/compare" params={pathOf(one)} className="text-accent underline">
            {t.pipelines.versions}
          </Link>
        )}
      </div>
    </>
  )
}
