// Portraits of a person: those that are being drawn, and those that are there, each to be kept.
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { contentOf, type Result } from '../../api/client'
import { here } from '../../api/connection'
import { type Person, type Portraits, portraits } from '../../api/people'
import { usePages } from '../../api/pages'
import { cancel, isOver } from '../../api/runs'
import { t as common } from '../../texts/en'
import { t } from '../../texts/people'
import { useDoing } from '../../ui/doing'
import { moment } from '../../ui/format'
import { More } from '../../ui/More'
import { Bar, Button, buttonClass, Card, Empty, Fault, Loading, Notice } from '../../ui/parts'

const words = t.portraits

export function Gallery({ person }: { person: Person }) {
  const { found, all } = usePages(['portraits', person.id], (after) => portraits(person.id, after), {
    every: (known) => (known.some((one) => !isOver(one)) ? 1000 : false),
  })
  return (
    <Card title={words.title}>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && <Empty>{words.none}</Empty>}
      <ul className="grid gap-4" aria-live="polite">
        {all.map((run) => (
          <li key={run.id} className="grid gap-2 border-line not-first:border-t not-first:pt-4 min-w-0">
            <Drawn person={person} run={run} />
          </li>
        ))}
      </ul>
      <More found={found} />
    </Card>
  )
}

function Drawn({ person, run }: { person: Person; run: Portraits }) {
  const client = useQueryClient()
  const stop = useDoing()
  const { style, prompt } = run.input
  const seeds = (run.input.seeds ?? []) as number[]
  const said = [typeof style === 'string' ? (words.styles[style] ?? style) : '', typeof prompt === 'string' ? prompt : ''].filter((one) => one !== '').join(': ')
  const drawn = (run.output?.pictures ?? []) as unknown as Result[]
  return (
    <>
      <div className="flex flex-wrap items-baseline justify-between gap-x-3">
        <span className="min-w-0 break-words">{said || words.plain}</span>
        <Link to="/runs/$id" params={{ id: run.id }} className="text-soft underline">
          {moment(run.created_at)}
        </Link>
      </div>
      {!isOver(run) && (
        <>
          <p className="text-soft">{run.status === 'queued' ? words.queued : words.drawing}</p>
          <Bar part={null} label={words.drawing} />
          <div>
            <Button disabled={stop.busy} onClick={() => void stop.run(() => cancel(client, run.id).finally(() => client.invalidateQueries({ queryKey: ['portraits', person.id] })))}>
              {words.stop}
            </Button>
          </div>
        </>
      )}
      {stop.fault !== null && <Fault error={stop.fault} />}
      {run.status === 'failed' && <Notice kind="danger">{run.error?.message ?? common.runs.states.failed}</Notice>}
      {run.status === 'cancelled' && <p className="text-soft">{common.runs.states.cancelled}</p>}
      {drawn.length > 0 && (
        <ul className="grid grid-cols-[repeat(auto-fill,minmax(7rem,1fr))] gap-3">
          {drawn.map((one, at) => (
            <li key={`${one.digest} ${at}`} className="grid content-start gap-1 min-w-0">
              <Picture picture={one} url={run.links.find(({ digest }) => digest === one.digest)?.url} alt={words.alt(person.name, said)} name={`${person.name}-${seeds[at] ?? at + 1}`} seed={seeds[at]} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function Picture({ picture, url, alt, name, seed }: { picture: Result; url: string | undefined; alt: string; name: string; seed: number | undefined }) {
  if (url === undefined) return <p className="text-soft text-xs">{words.gone}</p>
  const file = `${name}.${(picture.media_type.split('/')[1] ?? 'png').replace('jpeg', 'jpg')}`
  return (
    <>
      <img src={here(url)} alt={alt} width={picture.width} height={picture.height} decoding="async" className="w-full rounded bg-raised" />
      {seed !== undefined && <span className="text-xs text-soft">{words.seeded(seed)}</span>}
      <a href={contentOf(picture.file)} download={file} aria-label={words.downloadOf(file)} className={buttonClass('quiet')}>
        {words.download}
      </a>
    </>
  )
}
