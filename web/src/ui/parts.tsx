// The small parts that all pages are made of.
import type { ButtonHTMLAttributes, ReactNode, SelectHTMLAttributes } from 'react'
import { Problem } from '../api/problem'
import { t } from '../texts/en'

type Kind = 'first' | 'plain' | 'quiet' | 'danger'
const KINDS: Record<Kind, string> = {
  first: 'bg-accent text-on-accent border-accent hover:brightness-110',
  plain: 'bg-sheet border-edge hover:bg-raised',
  quiet: 'border-transparent text-soft hover:bg-raised hover:text-text',
  danger: 'bg-sheet border-edge text-danger hover:bg-raised',
}

export function buttonClass(kind: Kind = 'plain'): string {
  return `inline-flex items-center justify-center gap-2 rounded-md border px-3 min-h-9 pointer-coarse:min-h-11 disabled:opacity-60 aria-pressed:bg-raised whitespace-nowrap no-underline ${KINDS[kind]}`
}

export function Button({ kind, className = '', ...rest }: { kind?: Kind } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return <button type="button" className={`${buttonClass(kind)} ${className}`} {...rest} />
}

export function Select({ className = '', ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select className={`${FIELD} ${className}`} {...rest} />
}

export const FIELD = 'w-full rounded-md border border-edge bg-sheet px-2 min-h-9 pointer-coarse:min-h-11'

export function Field({ label, hint, children }: { label: string; hint?: ReactNode; children: ReactNode }) {
  return (
    <label className="grid gap-1">
      <span className="text-soft">{label}</span>
      {children}
      {hint !== undefined && <span className="text-soft text-xs">{hint}</span>}
    </label>
  )
}

export function Notice({ kind, children }: { kind: 'warn' | 'danger' | 'plain'; children: ReactNode }) {
  const colour = { warn: 'text-warn', danger: 'text-danger', plain: '' }[kind]
  return (
    <div role={kind === 'danger' ? 'alert' : 'status'} className="rounded-md border border-line bg-sheet px-3 py-2 flex flex-wrap items-center gap-3">
      <span className={`max-w-prose ${colour}`}>{children}</span>
    </div>
  )
}

/** What went wrong, and a way on; the request's id folds away. */
export function Fault({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div role="alert" className="rounded-md border border-line bg-sheet px-3 py-2 grid gap-2 justify-items-start">
      <p className="text-danger max-w-prose break-words">{error instanceof Error ? error.message : t.failedToLoad}</p>
      {retry !== undefined && <Button onClick={retry}>{t.again}</Button>}
      {error instanceof Problem && error.request !== null && (
        <details className="text-soft text-xs">
          <summary>{t.details}</summary>
          <code>{`${error.code} ${error.request}`}</code>
        </details>
      )}
    </div>
  )
}

export function Bar({ part, label }: { part: number | null; label: string }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={part === null ? undefined : Math.round(part * 100)}
      className="h-1 w-full overflow-hidden rounded bg-raised"
    >
      <div
        className={`h-full bg-accent transition-[width] duration-150 ${part === null ? 'w-1/4 animate-pulse' : ''}`}
        style={part === null ? undefined : { width: `${part * 100}%` }}
      />
    </div>
  )
}

export function Page({ title, lead, actions, children }: { title: string; lead?: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <div className="mx-auto grid max-w-6xl content-start gap-4 p-4 sm:p-6 min-w-0">
      <header className="flex flex-wrap items-end justify-between gap-3">
        <div>
          <h1>{title}</h1>
          {lead !== undefined && <p className="text-soft max-w-prose">{lead}</p>}
        </div>
        {actions}
      </header>
      {children}
    </div>
  )
}

export function Card({ title, children, className = '' }: { title?: string; children: ReactNode; className?: string }) {
  return (
    <section aria-label={title} className={`grid content-start gap-3 rounded-lg border border-line bg-sheet p-4 min-w-0 ${className}`}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  )
}

export function Loading() {
  return (
    <p role="status" className="p-6 text-soft">
      {t.loading}…
    </p>
  )
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="rounded-lg border border-dashed border-edge p-6 text-center text-soft">{children}</p>
}
