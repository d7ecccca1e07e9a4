// What the pages of the market have in common: a title, and the way to the others.
import type { ReactNode } from 'react'
import { useSession } from '../../api/session'
import { t } from '../../texts/market'
import { Page } from '../../ui/parts'
import { Subpages } from '../../ui/Subpages'

export function Frame({ lead, children }: { lead?: string; children: ReactNode }) {
  const { session } = useSession()
  const may = (scope: string) => session?.scopes.includes(scope) ?? false
  const parts = [
    ['/market', t.parts.shop],
    ['/market/shared', t.parts.shared],
    ['/market/desk', t.parts.desk],
    ...(may('market:write') ? ([['/market/sell', t.parts.sell], ['/market/coupons', t.parts.coupons]] as const) : []),
    ...(may('admin') ? ([['/market/reports', t.parts.moderation]] as const) : []),
  ] as const
  return (
    <Page title={t.title} lead={lead}>
      <Subpages label={t.parts.label} pages={parts} />
      {children}
    </Page>
  )
}
