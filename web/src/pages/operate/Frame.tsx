// What the pages of Operate have in common: a title, and the way to the others.
import type { ReactNode } from 'react'
import { Problem } from '../../api/problem'
import { t } from '../../texts/operate'
import { Fault, Page } from '../../ui/parts'
import { Subpages } from '../../ui/Subpages'

const PARTS = [
  ['/operate', t.parts.now],
  ['/operate/stores', t.parts.stores],
  ['/operate/members', t.parts.members],
  ['/operate/limits', t.parts.limits],
  ['/operate/audit', t.parts.audit],
] as const

export function Frame({ lead, children }: { lead?: string; children: ReactNode }) {
  return (
    <Page title={t.title} lead={lead}>
      <Subpages label={t.parts.label} pages={PARTS} />
      {children}
    </Page>
  )
}

/** What the server refused, with the scope that is wanted. */
export function Refused({ error, scope, retry }: { error: unknown; scope: string; retry: () => void }) {
  const closed = error instanceof Problem && error.status === 403
  return <Fault error={closed ? new Error(t.refused(scope)) : error} retry={closed ? undefined : retry} />
}
