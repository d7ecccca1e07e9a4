// A listing on a picture of one's own: free as often as its seller allows, then for its price.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Listing } from '../../api/market'
import { t } from '../../texts/market'
import { Card, Fault, Loading } from '../../ui/parts'
import { ALONE } from '../models/Trial'
import { pipeline } from '../pipelines/api'
import { type Given, Outcome, RunForm } from '../pipelines/RunForm'

export function TryIt({ known }: { known: Listing }) {
  const client = useQueryClient()
  const found = useQuery({ queryKey: ['pipeline', known.target], queryFn: () => pipeline(known.target), enabled: known.kind === 'pipeline', staleTime: 60_000 })
  const [given, setGiven] = useState<Given>({})
  const [id, setId] = useState<string | null>(null)
  const inputs = known.kind === 'model' ? ALONE : found.data?.inputs
  const begun = (run: string) => {
    setId(run)
    void client.invalidateQueries({ queryKey: ['listing', known.id] })
  }
  const spent = (known.offer?.tries ?? 0) > 0 && known.tries === 0 && known.access === null && pays(known)
  return (
    <>
      <Card title={t.tryIt}>
        {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
        {inputs === undefined ? (
          found.isLoading && <Loading />
        ) : (
          <RunForm target={known.target} inputs={inputs} given={given} onGiven={setGiven} charged={pays(known)} tries={{ listing: known.id, left: known.tries }} onRun={begun} />
        )}
        {spent && <p className="text-soft">{t.buying.spent}</p>}
      </Card>
      {id !== null && <Outcome id={id} />}
    </>
  )
}

const pays = ({ offer }: Listing): boolean => Boolean(offer && (offer.price.run || offer.price.megapixel || offer.price.month || offer.price.download))
