// The first page: pictures in, better pictures out.
import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { send } from '../../api/client'
import { base, persist } from '../../api/connection'
import { useEvents, useRuns } from '../../api/runs'
import { useSession } from '../../api/session'
import { t } from '../../texts/en'
import { Button, Fault, Loading } from '../../ui/parts'
import { useArrivals } from './arrivals'
import { type Chosen, plain } from './dropped'
import { Folder, takenFrom } from './Folder'
import { Left } from './Left'
import { List } from './List'
import { Options } from './Options'
import { Result } from './Result'
import { add, addStored, lookBack, useUploads } from './uploads'
import { keep, kept } from './wishes'

const FromStore = lazy(() => import('./FromStore').then((module) => ({ default: module.FromStore })))

const ENHANCE = { target: 'enhance' }

export function Enhance() {
  const client = useQueryClient()
  const { uploads, left, skipped } = useUploads()
  const account = useSession().session?.account.id ?? ''
  const runs = useRuns(ENHANCE)
  useEvents()
  const [wishes, setWishes] = useState(kept)
  const [chosen, setChosen] = useState<string | null>(null)
  const [over, setOver] = useState(false)
  const [picking, setPicking] = useState(false)
  const ours = useMemo(() => (runs.data?.pages ?? []).flatMap((page) => page.data), [runs.data])
  const run = ours.find((one) => one.id === chosen) ?? (chosen === null ? ours[0] : undefined)
  useEffect(() => void lookBack(account), [account])
  /** What is called with each new run: the first of them is shown. */
  const show = useCallback(() => {
    let first = true
    return (id: string) => {
      if (first) setChosen(id)
      first = false
    }
  }, [])
  const take = useCallback((files: Chosen[]) => void add(client, account, files, wishes, show()), [client, account, wishes, show])
  const sample = async () => {
    const bytes = await (await persist(() => send(new Request(`${base}sample.jpg`)))).blob()
    take(plain([new File([bytes], 'sample.jpg', { type: 'image/jpeg' })]))
  }
  useArrivals(take, setOver)
  const more = useCallback(() => {
    if (runs.hasNextPage && !runs.isFetchingNextPage) void runs.fetchNextPage()
  }, [runs])
  const options = (
    <Options
      wishes={wishes}
      onChange={(next) => {
        keep(next)
        setWishes(next)
      }}
      run={run}
      onRun={setChosen}
    />
  )
  const pick = <Pick take={take} sample={() => void sample()} onStore={() => setPicking(true)} />
  const unfinished = <Left left={left} skipped={skipped} take={take} />
  const store = picking && (
    <Suspense>
      <FromStore
        onPick={(pictures) => {
          setPicking(false)
          addStored(client, pictures, wishes, show())
        }}
        onClose={() => setPicking(false)}
      />
    </Suspense>
  )

  if (runs.isPending) return <Loading />
  if (ours.length === 0 && uploads.length === 0) {
    return (
      <div className="mx-auto grid max-w-5xl gap-6 p-4 sm:p-6 lg:grid-cols-[1fr_18rem]">
        <section className="grid content-start gap-4">
          <header>
            <h1>{t.enhance.title}</h1>
            <p className="text-soft">{t.enhance.lead}</p>
          </header>
          {runs.isError && <Fault error={runs.error} retry={() => void runs.refetch()} />}
          {unfinished}
          <div
            className={`grid min-h-80 content-center justify-items-center gap-4 rounded-lg border-2 border-dashed bg-sheet p-6 text-center ${over ? 'border-accent' : 'border-edge'}`}
          >
            <p className="text-lg">{over ? t.enhance.here : t.enhance.drop}</p>
            {pick}
            <p className="text-soft">{t.enhance.formats}</p>
          </div>
        </section>
        {options}
        {store}
      </div>
    )
  }
  return (
    <div className="grid min-h-full lg:h-full lg:grid-cols-[19rem_minmax(0,1fr)_17rem] lg:grid-rows-[minmax(0,1fr)]">
      <section
        aria-label={t.enhance.list}
        className={`grid min-h-0 content-start grid-rows-[auto_minmax(0,1fr)] border-line max-lg:order-2 max-lg:border-t lg:border-r ${over ? 'outline-2 -outline-offset-2 outline-accent' : ''}`}
      >
        <div className="grid gap-2 border-b border-line p-3">
          {pick}
          <p className="text-soft text-xs">{over ? t.enhance.here : t.enhance.drop}</p>
          {unfinished}
        </div>
        <List uploads={uploads} runs={ours} chosen={run?.id ?? null} onChoose={setChosen} onEnd={more} />
      </section>
      <div className="min-h-0 min-w-0 max-lg:order-1">
        <h1 className="sr-only">{t.enhance.title}</h1>
        {run === undefined ? <p className="p-6 text-soft">{t.enhance.select}</p> : <Result key={run.id} run={run} />}
      </div>
      <div className="min-h-0 overflow-y-auto border-line p-3 max-lg:order-3 max-lg:border-t lg:border-l">{options}</div>
      {store}
    </div>
  )
}

function Pick({ take, sample, onStore }: { take: (files: Chosen[]) => void; sample: () => void; onStore: () => void }) {
  const files = useRef<HTMLInputElement>(null)
  const { session } = useSession()
  return (
    <div className="flex flex-wrap gap-2">
      <Button kind="first" onClick={() => files.current?.click()}>
        {t.enhance.choose}
      </Button>
      <Folder take={take}>{t.enhance.folder}</Folder>
      {session?.scopes.includes('files:read') && <Button onClick={onStore}>{t.enhance.store}</Button>}
      <Button onClick={sample}>{t.enhance.sample}</Button>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-testid="files"
        accept="image/*,.tif,.tiff,.heic,.heif,.avif"
        onChange={(event) => take(takenFrom(event.target))}
      />
    </div>
  )
}
