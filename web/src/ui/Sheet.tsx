// A dialog above the page: the browser's own, which keeps the focus in and gives it back.
import { type ReactNode, useEffect, useRef } from 'react'

/** What a dialog needs to be above all else for as long as it is there. */
export function useModal() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const now = dialog.current
    now?.showModal()
    return () => now?.close()
  }, [])
  return dialog
}

export function Sheet({ label, onClose, wide = false, children }: { label: string; onClose?: () => void; wide?: boolean; children: ReactNode }) {
  const dialog = useModal()
  return (
    <dialog
      ref={dialog}
      aria-label={label}
      onCancel={(event) => onClose === undefined && event.preventDefault()}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose?.()}
      className={`${wide ? 'w-[min(48rem,calc(100vw-32px))]' : 'w-[min(32rem,calc(100vw-32px))]'} rounded-lg border border-line bg-sheet p-0`}
    >
      <div className="grid gap-4 p-5">{children}</div>
    </dialog>
  )
}
