// What the pages of Operate have in common: a title, and the way to the others.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Problem } from '../../api/problem'
import { t } from '../../texts/operate'
import { Fault, Page } from '../../ui/parts'

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
      <nav aria-label={t.parts.label} className="flex flex-wrap gap-1">
        {PARTS.map(([path, name]) => (
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

/** What the server refused, with the scope that is wanted. */
export function Refused({ error, scope, retry }: { error: unknown; scope: string; retry: () => void }) {
  const closed = error instanceof Problem && error.status === 403
  return <Fault error={closed ? new Error(t.refused(scope)) : error} retry={closed ? undefined : retry} />
}
