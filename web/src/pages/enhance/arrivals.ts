// Pictures that come to a page as a whole: dropped anywhere on it, or pasted.
import { useEffect } from 'react'
import { type Chosen, filesOf, plain } from './dropped'

/** `take` and `setOver` must stay the same from one rendering to the next; `over`: something is held above the page. */
export function useArrivals(take: (files: Chosen[]) => void, setOver: (over: boolean) => void) {
  useEffect(() => {
    const drag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false)
    const drop = (event: DragEvent) => {
      if (event.dataTransfer === null) return
      event.preventDefault()
      setOver(false)
      void filesOf(event.dataTransfer).then((files) => files.length > 0 && take(files))
    }
    const paste = (event: ClipboardEvent) => {
      const files = plain(event.clipboardData?.files ?? [])
      if (files.length > 0) take(files)
    }
    addEventListener('dragover', drag)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    addEventListener('paste', paste)
    return () => {
      removeEventListener('dragover', drag)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
      removeEventListener('paste', paste)
    }
  }, [take, setOver])
}
