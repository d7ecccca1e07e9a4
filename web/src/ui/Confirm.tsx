// Before something that cannot be taken back: what will happen, and two ways on.
import type { ReactNode } from 'react'
import { t } from '../texts/en'
import { Button, Fault } from './parts'
import { useDoing } from './doing'
import { Sheet } from './Sheet'

export function Confirm({
  title,
  children,
  go,
  work,
  onClose,
}: {
  title: string
  children: ReactNode
  /** What the button says that does it. */
  go: string
  work: () => Promise<unknown>
  onClose: () => void
}) {
  const { busy, fault, run } = useDoing()
  return (
    <Sheet label={title} onClose={onClose}>
      <h2>{title}</h2>
      <p className="max-w-prose">{children}</p>
      {fault !== null && <Fault error={fault} />}
      <div className="flex gap-2">
        <Button kind="danger" disabled={busy} onClick={() => void run(() => work().then(onClose))}>
          {go}
        </Button>
        <Button onClick={onClose}>{t.cancel}</Button>
      </div>
    </Sheet>
  )
}
