// The way to the next page of a list, while there is one.
import { t } from '../texts/en'
import { Button } from './parts'

interface Found {
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => Promise<unknown>
}

export function More({ found }: { found: Found }) {
  if (!found.hasNextPage) return null
  return (
    <div>
      <Button disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
        {t.more}
      </Button>
    </div>
  )
}
