// What other accounts offer to this one, and not to everybody.
import { sharedListings } from '../../api/market'
import { usePages } from '../../api/pages'
import { t } from '../../texts/market'
import { More } from '../../ui/More'
import { Empty, Fault, Loading } from '../../ui/parts'
import { Frame } from './Frame'
import { Windows } from './Windows'

export function Shared() {
  const { found, all } = usePages(['listings', 'shared'], sharedListings)
  return (
    <Frame lead={t.shared.lead}>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && <Empty>{t.shared.none}</Empty>}
      <Windows listings={all} />
      <More found={found} />
    </Frame>
  )
}
