// The editor of a pipeline, once what is needed for it is there.
//
//     pipeline, draft, palette -> Desk, Runner -> Room
import '@xyflow/react/dist/base.css'
import './graph.css'
import './editor.css'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { ReactFlowProvider } from '@xyflow/react'
import { useEffect, useState } from 'react'
import { useSession } from '../../api/session'
import { e } from '../../texts/editor'
import { Fault, Loading, Notice, Page } from '../../ui/parts'
import { palette, published } from './api'
import { Desk, DeskContext } from './desk'
import { Room } from './Room'
import { Runner, RunnerContext } from './running'
import type { Spec } from './spec'
import { copyOf } from './templates'

/** The pipeline of an address, in its newest version. */
export function Editor() {
  const { owner, name } = useParams({ strict: false }) as { owner: string; name: string }
  const account = useSession().session?.account.id ?? ''
  const id = `${owner}/${name}`
  const found = useQuery({ queryKey: ['pipeline-written', id], queryFn: () => published(id), staleTime: Infinity })
  if (found.isPending) return <Loading />
  if (found.isError) {
    return (
      <Page title={name}>
        <Fault error={found.error} retry={() => void found.refetch()} />
      </Page>
    )
  }
  if (found.data.pipeline === null) {
    return (
      <Page title={name}>
        <Notice kind="warn">{e.fresh.untold(id)}</Notice>
      </Page>
    )
  }
  const { pipeline, version } = found.data
  const own = version !== null
  return <Opened key={id} draft={`${account}:${id}`} begin={own ? pipeline : copyOf(pipeline)} owner={own ? owner : ''} />
}

/** A pipeline that is begun with, or the draft that was left of it. */
export function Opened({ draft, begin, owner = '' }: { draft: string; begin: Spec; owner?: string }) {
  const known = useQuery({ queryKey: ['steps'], queryFn: palette, staleTime: 60_000 })
  if (known.isPending) return <Loading />
  if (known.isError) {
    return (
      <Page title={begin.name}>
        <Fault error={known.error} retry={() => void known.refetch()} />
      </Page>
    )
  }
  return <Begun draft={draft} begin={begin} owner={owner} steps={known.data} />
}

function Begun({ draft, begin, owner, steps }: { draft: string; begin: Spec; owner: string; steps: Awaited<ReturnType<typeof palette>> }) {
  const [desk] = useState(() => new Desk(draft, steps, begin))
  const [runner] = useState(() => new Runner(steps))
  useEffect(() => () => runner.end(), [runner])
  return (
    <DeskContext value={desk}>
      <RunnerContext value={runner}>
        <ReactFlowProvider>
          <Room owner={owner} />
        </ReactFlowProvider>
      </RunnerContext>
    </DeskContext>
  )
}
