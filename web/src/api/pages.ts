// Lists that come page by page, as far as somebody asked for: data, next -> one list, and a way on.
import { keepPreviousData, type QueryKey, useInfiniteQuery } from '@tanstack/react-query'

export interface Paged<T> {
  data: T[]
  next?: string | null
}
interface Options<T> {
  /** Milliseconds after which what is there is asked for anew; false = never. */
  every?: (all: T[]) => number | false
  /** Whether what was found for another key is shown until this is there. */
  keep?: boolean
  /** Milliseconds for which what is there is taken to be right. */
  staleTime?: number
}

const joined = <T>(pages: Paged<T>[] | undefined): T[] => (pages ?? []).flatMap((page) => page.data)

/** `page`: the page after what `next` of the one before says. */
export function usePages<T>(queryKey: QueryKey, page: (after: string | undefined) => Promise<Paged<T>>, { every, keep, staleTime }: Options<T> = {}) {
  const found = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    ...(keep && { placeholderData: keepPreviousData }),
    ...(every && { refetchInterval: (query: { state: { data?: { pages: Paged<T>[] } } }) => every(joined(query.state.data?.pages)) }),
    ...(staleTime !== undefined && { staleTime }),
  })
  return { found, all: joined(found.data?.pages) }
}
