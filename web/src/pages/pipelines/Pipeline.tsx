// One pipeline: a form made from its schema, its result, a drawing, and code that does the same.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../api/client'
import { base } from '../../api/connection'
import { useSession } from '../../api/session'
import { t } from '../../texts/en'
import { Card, Fault, Loading, Page } from '../../ui/parts'
import { Snippets } from '../../ui/Snippets'
import { isOthers, type Known, pathOf, pipeline, SHIPPED } from './api'
import { type Given, Outcome, RunForm } from './RunForm'
import { runSnippets } from './runSnippets'
import { snippets } from './snippets'

export function Pipeline() {
  const { owner, name } = useParams({ strict: false }) as { owner?: string; name: string }
  const id = owner === undefined ? name : `${owner}/${name}`
  const found = useQuery({ queryKey: ['pipeline', id], queryFn: () => pipeline(id), staleTime: 60_000 })
  if (found.isPending) return <Loading />
  return (
    <Page
      title={found.data?.title || name}
      actions={
        <div className="flex flex-wrap gap-4">
          {found.data !== undefined && <Ways known={found.data} />}
          <Link to="/pipelines" className="text-accent underline">
            {t.pipelines.back}
          </Link>
        </div>
      }
    >
      {found.isError ? <Fault error={found.error} retry={() => void found.refetch()} /> : <Form key={found.data.id} known={found.data} />}
    </Page>
  )
}

/** To the editor, to the versions where there are some, and into the market. */
function Ways({ known }: { known: Known }) {
  const { session } = useSession()
  if (isOthers(known)) return null
  return (
    <>
      {known.owner !== SHIPPED && session?.scopes.includes('market:write') && (
        <Link to="/market/sell" search={{ kind: 'pipeline', name: known.name }} className="text-accent underline">
          {t.pipelines.offer}
        </Link>
      )}
      <Link to="/pipelines/$owner/$name/edit" params={pathOf(known)} className="text-accent underline">
        {known.owner === SHIPPED ? t.pipelines.editCopy : t.pipelines.edit}
      </Link>
      {known.owner !== SHIPPED && (
        <Link to="/pipelines/$owner/$name/compare" params={pathOf(known)} className="text-accent underline">
          {t.pipelines.versions}
        </Link>
      )}
    </>
  )
}

function Form({ known }: { known: Known }) {
  const { session } = useSession()
  const [given, setGiven] = useState<Given>({})
  const [id, setId] = useState<string | null>(null)
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title={t.pipelines.form}>
        <RunForm target={known.id} inputs={known.inputs} given={given} onGiven={setGiven} charged={isOthers(known)} onRun={setId} />
      </Card>
      <div className="grid content-start gap-4 min-w-0">
        {id !== null && <Outcome id={id} />}
        <Card title={t.pipelines.code}>
          <Snippets snippets={(isOthers(known) ? runSnippets : snippets)(known, given, session?.user != null)} />
        </Card>
        {!isOthers(known) && (
          <Card title={t.pipelines.drawing}>
            <Drawing name={known.id} />
          </Card>
        )}
      </div>
    </div>
  )
}

/** As the server draws it: an image, so that nothing in it can run. */
function Drawing({ name }: { name: string }) {
  const found = useQuery({
    queryKey: ['drawing', name],
    queryFn: async () => {
      const address = `${base}v1/pipelines/${name}`
      const answer = await send(new Request(address, { headers: { accept: 'image/svg+xml' } }))
      return URL.createObjectURL(await answer.blob())
    },
    staleTime: Infinity,
  })
  return found.data === undefined ? null : (
    <div tabIndex={0} role="group" aria-label={t.pipelines.drawing} className="overflow-auto rounded bg-[#fff] p-2">
      <img src={found.data} alt={t.pipelines.drawing} className="max-w-none" />
    </div>
  )
}
