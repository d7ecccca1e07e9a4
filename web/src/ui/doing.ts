// What a button begins: whether it is under way, and what went wrong; that it was stopped is nothing wrong.
import { useState } from 'react'

export interface Doing {
  busy: boolean
  fault: unknown
  run: (work: () => Promise<unknown>) => Promise<void>
}

export function useDoing(): Doing {
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<unknown>(null)
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true)
    setFault(null)
    try {
      await work()
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) setFault(error)
    } finally {
      setBusy(false)
    }
  }
  return { busy, fault, run }
}
