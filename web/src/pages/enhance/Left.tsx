// What an earlier visit left: how much is missing, and how to go on.
import { useRef } from 'react'
import { t } from '../../texts/en'
import { Button } from '../../ui/parts'
import type { Chosen } from './dropped'
import { Folder, takenFrom } from './Folder'
import type { Noted } from './ledger'
import { forgetLeft } from './uploads'

export function Left({ left, skipped, take }: { left: Noted[]; skipped: number; take: (files: Chosen[]) => void }) {
  const files = useRef<HTMLInputElement>(null)
  const missing = left.filter((one) => !one.sent)
  const first = missing[0]?.path ?? ''
  const folder = first.includes('/') ? (first.split('/')[0] ?? '') : ''
  if (missing.length === 0 && skipped === 0) return null
  return (
    <div role="status" className="grid gap-2 rounded-md border border-edge bg-sheet p-3">
      {skipped > 0 && <p className="text-soft">{t.enhance.skipped(skipped)}</p>}
      {missing.length > 0 && (
        <>
          <p className="text-warn max-w-prose break-words">{t.enhance.missing(missing.length, folder || first)}</p>
          <div className="flex flex-wrap gap-2">
            {folder !== '' ? (
              <Folder take={take}>{t.enhance.goOn}</Folder>
            ) : (
              <>
                <Button onClick={() => files.current?.click()}>{t.enhance.goOnFiles}</Button>
                <input ref={files} type="file" multiple hidden onChange={(event) => take(takenFrom(event.target))} />
              </>
            )}
            <Button kind="quiet" onClick={() => void forgetLeft()}>
              {t.enhance.forget}
            </Button>
          </div>
        </>
      )}
    </div>
  )
}
