// A button that puts a text into the clipboard, and says that it did.
import { useEffect, useState } from 'react'
import { t } from '../texts/en'
import { copyText } from './copying'
import { Button } from './parts'

export function Copy({ text }: { text: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const clock = setTimeout(() => setCopied(false), 1500)
    return () => clearTimeout(clock)
  }, [copied])
  return (
    <Button kind="quiet" aria-live="polite" onClick={() => void copyText(text).then(() => setCopied(true))}>
      {copied ? t.copied : t.copy}
    </Button>
  )
}
