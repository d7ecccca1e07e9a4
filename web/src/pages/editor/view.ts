// How a graph comes into view: all of it if that can be read, else its beginning. Until then its nodes
// are hidden (graph.css): they would be seen, and pressed, where they do not stay.
import { useReactFlow } from '@xyflow/react'
import type { RefObject } from 'react'

export const WHOLE_VIEW = { maxZoom: 1, padding: 0.08 }
/** The scale at which text can just be read. */
const LEAST = 0.6

/** What to do once the nodes are there; `pane` is marked as begun after that. */
export function useBeginning(pane: RefObject<HTMLElement | null>): () => void {
  const { fitView, getViewport, getNodesBounds, getNodes, setViewport } = useReactFlow()
  const shown = async () => {
    await fitView(WHOLE_VIEW)
    await legible()
    pane.current?.setAttribute('data-begun', '')
  }
  const legible = async () => {
    if (getViewport().zoom >= LEAST) return
    const { x, y, height } = getNodesBounds(getNodes())
    const tall = pane.current?.clientHeight ?? 600
    await setViewport({ x: 24 - x * LEAST, y: tall / 2 - (y + height / 2) * LEAST, zoom: LEAST })
  }
  return () => requestAnimationFrame(() => void shown())
}
