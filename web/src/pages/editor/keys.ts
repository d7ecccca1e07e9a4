// Keys and the clipboard, where nobody writes; and whether the window is wide enough.
import { useEffect, useMemo, useRef, useState } from 'react'
import { writing } from '../../Shell'
import { e } from '../../texts/editor'
import { deleteChosen, paste } from './adding'
import { useDesk } from './desk'
import { copied, cutOf } from './edits'

/** Copy, cut and paste of nodes by the clipboard, so also from one pipeline to another. */
export function useClipboard(editable: boolean): void {
  const desk = useDesk()
  useEffect(() => {
    if (!editable) return
    const copy = (event: ClipboardEvent) => {
      const { selected } = desk.state
      if (writing(event.target) || selected.length === 0 || !(getSelection()?.isCollapsed ?? true)) return
      event.preventDefault()
      event.clipboardData?.setData('text/plain', JSON.stringify({ printroom: copied(desk.doc, selected) }))
      desk.tell(e.done.copied(selected.length))
      if (event.type === 'cut') deleteChosen(desk, [])
    }
    const insert = (event: ClipboardEvent) => {
      if (writing(event.target)) return
      const found = cutOf(event.clipboardData?.getData('text/plain') ?? '')
      if (found === null) return desk.tell(e.done.uncopied)
      event.preventDefault()
      paste(desk, found, e.done.paste)
    }
    document.addEventListener('copy', copy)
    document.addEventListener('cut', copy)
    document.addEventListener('paste', insert)
    return () => {
      document.removeEventListener('copy', copy)
      document.removeEventListener('cut', copy)
      document.removeEventListener('paste', insert)
    }
  }, [desk, editable])
}

type Keys = Record<string, () => void>

/** Keys of the page, where nobody writes: by themselves, and with Ctrl or Cmd. */
export function useKeys(on: boolean, keys: Keys, held: Keys): void {
  const now = useRef({ keys, held })
  now.current = { keys, held }
  useEffect(() => {
    if (!on) return
    const press = (event: KeyboardEvent) => {
      if (writing(event.target) || event.altKey || document.querySelector('dialog[open]') !== null) return
      const work = event.ctrlKey || event.metaKey ? now.current.held[event.key] : now.current.keys[event.key]
      if (work === undefined) return
      event.preventDefault()
      if (event.key === '?') event.stopPropagation() // the sheet is the editor's, not that of all pages
      work()
    }
    addEventListener('keydown', press, true)
    return () => removeEventListener('keydown', press, true)
  }, [on])
}

/** Whether a media query holds now. */
export function useMedia(query: string): boolean {
  const list = useMemo(() => matchMedia(query), [query])
  const [matches, setMatches] = useState(list.matches)
  useEffect(() => {
    const look = () => setMatches(list.matches)
    list.addEventListener('change', look)
    return () => list.removeEventListener('change', look)
  }, [list])
  return matches
}
