// What the pages of the market have in common: a title, and the way to the others.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useSession } from '../../api/session'
import { t } from '../../texts/market'
import { Page } from '../../ui/parts'

export function Frame({ lead, children }: { lead?: string; children: ReactNode }) {
  const { session } = useSession()
  const may = (scope: string) => session?.scopes.includes(scope) ?? false
  const parts = [
    ['/market', t.parts.shop],
    ['/market/desk', t.parts.desk],
    ...(may('market:write') ? ([['/market/sell', t.parts.sell]] as const) : []),
    ...(may('admin') ? ([['/market/reports', t.parts.moderation]] as const) : []),
  ] as const
  return (
    <Page title={t.title} lead={lead}>
      <nav aria-label={t.parts.label} className="flex flex-wrap gap-1">
        {parts.map(([path, name]) => (
          <Link
            key={path}
            to={path}
            activeOptions={{ exact: true }}
            className="inline-flex min-h-9 items-center rounded-md border border-transparent px-3 text-soft no-underline hover:bg-raised hover:text-text pointer-coarse:min-h-11 data-[status=active]:border-edge data-[status=active]:bg-sheet data-[status=active]:text-text"
          >
            {name}
          </Link>
        ))}
      </nav>
      {children}
    </Page>
  )
}
