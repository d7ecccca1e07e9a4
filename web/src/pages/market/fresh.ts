// After a change: what is known of the market is asked for anew.
import { useQueryClient } from '@tanstack/react-query'

/** `id`: of the listing that changed, if it was one. */
export function useFresh(id?: string): () => Promise<void> {
  const client = useQueryClient()
  return async () => {
    const keys = id === undefined ? [['market']] : [['listing', id], ['listings'], ['sales', id]]
    await Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey })))
  }
}
