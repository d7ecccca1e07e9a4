// One listing: its pictures, its price, what others say, and what one may do with it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type FormEvent, lazy, Suspense, useState } from 'react'
import { type Example, examplesOf, type Listing, listing, type Reason, report, review, reviews } from '../../api/market'
import { usePages } from '../../api/pages'
import { useSession } from '../../api/session'
import { t } from '../../texts/market'
import { useDoing } from '../../ui/doing'
import { moment } from '../../ui/format'
import { More } from '../../ui/More'
import { Button, Card, Fault, FIELD, Field, Loading, Notice, Page, Select } from '../../ui/parts'
import { Buy } from './Buy'
import { Edit } from './Edit'
import { Prices } from './Prices'
import { Sales } from './Sales'
import { Showing } from './Showing'
import { Stopped } from './Stopped'
import { Badges, Standing } from './told'
import { TryIt } from './TryIt'

const Compare = lazy(() => import('../enhance/Compare').then((module) => ({ default: module.Compare })))

export function OneListing() {
  const { id } = useParams({ strict: false }) as { id: string }
  const found = useQuery({ queryKey: ['listing', id], queryFn: () => listing(id) })
  const known = found.data
  if (found.isPending) return <Loading />
  return (
    <Page
      title={known?.title ?? t.title}
      actions={
        <Link to="/market" className="text-accent underline">
          {t.back}
        </Link>
      }
    >
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {known !== undefined && <Sheets key={known.id} known={known} />}
    </Page>
  )
}

function Sheets({ known }: { known: Listing }) {
  const { session } = useSession()
  const may = (scope: string) => session?.scopes.includes(scope) ?? false
  const writes = may('market:write')
  const runs = may('runs:write') && may('files:write')
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <span className="text-soft">{t.by(known.owner)}</span>
        <Standing listing={known} />
        <Badges listing={known} />
        {known.state !== 'listed' && <span className="text-warn">{t.states[known.state]}</span>}
      </div>
      <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="grid content-start gap-4 min-w-0">
          <Examples examples={examplesOf(known)} />
          {known.tags.length > 0 && <Tags tags={known.tags} />}
          {known.text !== '' && <p className="max-w-prose whitespace-pre-wrap break-words">{known.text}</p>}
          {!known.own && known.offer !== null && known.state === 'listed' && runs && <TryIt known={known} />}
          {known.own && writes && <Edit known={known} />}
          {known.own && <Stopped id={known.id} />}
          <Reviews known={known} writes={writes} />
        </div>
        <div className="grid content-start gap-4 min-w-0">
          <Buy known={known} writes={writes} />
          {!known.own && writes && <ReportIt id={known.id} />}
          {known.own && writes && (
            <>
              <Prices key={known.offer?.number ?? 0} known={known} />
              <Showing key={known.visibility} known={known} />
              <Sales id={known.id} />
            </>
          )}
        </div>
      </div>
    </>
  )
}

function Tags({ tags }: { tags: string[] }) {
  return (
    <ul aria-label={t.tags} className="flex flex-wrap gap-1">
      {tags.map((one) => (
        <li key={one} className="rounded border border-line px-2 text-xs text-soft">
          {one}
        </li>
      ))}
    </ul>
  )
}

function Examples({ examples }: { examples: Example[] }) {
  const [at, setAt] = useState(0)
  const now = examples[at] ?? examples[0]
  const size = useQuery({
    queryKey: ['size', now?.output],
    queryFn: async () => {
      const picture = new Image()
      picture.src = now?.output ?? ''
      await picture.decode()
      return { width: picture.naturalWidth, height: picture.naturalHeight }
    },
    enabled: now !== undefined,
    staleTime: Infinity,
  })
  if (now === undefined) return null
  return (
    <div className="grid gap-2">
      <div className="grid h-[30rem] max-h-[70vh] overflow-hidden rounded-md border border-line">
        <Suspense>{size.data !== undefined && <Compare key={now.output} {...size.data} before={now.input} after={now.output} large={null} />}</Suspense>
      </div>
      {examples.length > 1 && (
        <div className="flex flex-wrap gap-2">
          {examples.map((one, index) => (
            <Button key={index} aria-pressed={index === at} onClick={() => setAt(index)}>
              {one.title || t.example(index + 1, examples.length)}
            </Button>
          ))}
        </div>
      )}
    </div>
  )
}

function Reviews({ known, writes }: { known: Listing; writes: boolean }) {
  const client = useQueryClient()
  const { found, all } = usePages(['reviews', known.id], (after) => reviews(known.id, after))
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    void run(async () => {
      await review(known.id, Number(form.get('stars')), String(form.get('text')))
      await client.invalidateQueries({ queryKey: ['reviews', known.id] })
      await client.invalidateQueries({ queryKey: ['listing', known.id] })
    })
  }
  return (
    <Card title={t.reviews}>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && <p className="text-soft">{t.noReviews}</p>}
      <ul className="grid gap-3">
        {all.map((one) => (
          <li key={`${one.author} ${one.at}`} className="grid gap-1 border-t border-line pt-2 min-w-0">
            <p className="flex flex-wrap gap-x-3">
              <span role="img" aria-label={`${one.stars}/5`}>
                {'★'.repeat(one.stars) + '☆'.repeat(5 - one.stars)}
              </span>
              <span className="text-soft">{`${one.author}, ${moment(one.at)}`}</span>
            </p>
            <p className="max-w-prose break-words">{one.text}</p>
          </li>
        ))}
      </ul>
      <More found={found} />
      {writes && !known.own && (
        <details>
          <summary className="min-h-7 text-soft">{t.review}</summary>
          <form onSubmit={submit} className="grid max-w-prose gap-3 pt-2">
            <Field label={t.starsOf}>
              <Select name="stars" defaultValue="5">
                {[5, 4, 3, 2, 1].map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </Select>
            </Field>
            <Field label={t.words}>
              <textarea name="text" rows={3} maxLength={4000} className={`${FIELD} py-1`} />
            </Field>
            {fault !== null && <Fault error={fault} />}
            <div>
              <Button type="submit" disabled={busy}>
                {t.send}
              </Button>
            </div>
          </form>
        </details>
      )}
    </Card>
  )
}

function ReportIt({ id }: { id: string }) {
  const { busy, fault, run } = useDoing()
  const [sent, setSent] = useState(false)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    void run(async () => {
      await report(id, form.get('reason') as Reason, String(form.get('text')))
      setSent(true)
    })
  }
  if (sent) return <Notice kind="plain">{t.sent}</Notice>
  return (
    <details>
      <summary className="min-h-7 text-soft">{t.report}</summary>
      <form onSubmit={submit} className="grid gap-3 pt-2">
        <Field label={t.reason}>
          <Select name="reason">
            {(Object.keys(t.reasons) as Reason[]).map((one) => (
              <option key={one} value={one}>
                {t.reasons[one]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t.words}>
          <textarea name="text" required rows={3} maxLength={4000} className={`${FIELD} py-1`} />
        </Field>
        {fault !== null && <Fault error={fault} />}
        <div>
          <Button type="submit" disabled={busy}>
            {t.send}
          </Button>
        </div>
      </form>
    </details>
  )
}
