// The way to the next page of a list, while there is one.
import type { usePages } from '../api/pages'
import { t } from '../texts/en'
import { Button } from './parts'

export function More({ found }: { found: ReturnType<typeof usePages>['found'] }) {
  if (!found.hasNextPage) return null
  return (
    <div>
      <Button disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
        {t.more}
      </Button>
    </div>
  )
}
