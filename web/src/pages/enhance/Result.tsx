// One picture: before and after, what was found, what to do with it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { api, contentOf, COPY, copyOf, data, savedAs, type Result as Picture, type Run } from '../../api/client'
import { cancel, isOver, retry } from '../../api/runs'
import { t } from '../../texts/en'
import { useDoing } from '../../ui/doing'
import { bytes } from '../../ui/format'
import { Bar, Button, buttonClass, Fault, Notice } from '../../ui/parts'
import { Findings } from './Findings'
import { hide, nameOf, useLive } from './List'
import { resultName, save } from './saving'
import { localOf } from './uploads'

const Compare = lazy(() => import('./Compare').then((module) => ({ default: module.Compare })))
const SHOWN = ['image/jpeg', 'image/png', 'image/webp', 'image/avif']
/** Pixels beyond which a browser gets a copy, and the part in sight. */
const LARGEST = 40_000_000

export function Result({ run }: { run: Run }) {
  const client = useQueryClient()
  const live = useLive(run)
  const file = typeof run.input.image === 'string' ? run.input.image : ''
  const name = nameOf(run)
  const result = run.output?.image as Picture | undefined
  const { busy, fault, run: begin } = useDoing()
  return (
    <section aria-label={name} className="grid h-full grid-rows-[auto_minmax(0,1fr)] lg:overflow-hidden">
      <header className="flex flex-wrap items-center gap-3 border-b border-line px-3 py-2">
        <div className="grid min-w-0 flex-1">
          <span className="truncate font-semibold">{name}</span>
          <span role="status" className="truncate text-soft text-xs">
            {run.status === 'failed' ? t.enhance.state.failed : live.text}
          </span>
        </div>
        {!isOver(run) && (
          <Button disabled={busy} onClick={() => void begin(() => cancel(client, run.id))}>
            {t.cancel}
          </Button>
        )}
        {result !== undefined && (
          <Button kind="first" disabled={busy} onClick={() => void begin(() => download(result, resultName(name, run)))}>
            {t.enhance.download}
          </Button>
        )}
        {fault !== null && <Fault error={fault} />}
      </header>
      {result !== undefined ? (
        <Suspense fallback={<p className="p-6 text-soft">{t.loading}…</p>}>
          <div className="grid min-h-0 grid-rows-[minmax(0,1fr)_auto]">
            <Pair file={file} result={result} />
            <Findings run={run} />
          </div>
        </Suspense>
      ) : (
        <div className="grid content-start gap-4 p-4">
          {!isOver(run) && <Bar part={live.part} label={name} />}
          {run.status === 'failed' && (
            <>
              <Notice kind="danger">{run.error?.message ?? t.enhance.state.failed}</Notice>
              <div className="flex gap-2">
                <Button kind="first" disabled={busy} onClick={() => void begin(() => retry(client, run.id))}>
                  {t.runs.retry}
                </Button>
                <Link to="/runs/$id" params={{ id: run.id }} className={buttonClass()}>
                  {t.runs.timeline}
                </Link>
              </div>
            </>
          )}
          {localOf(file) !== undefined && (
            <img src={localOf(file)?.url} alt={name} onError={hide} className="max-h-[60vh] max-w-full justify-self-center opacity-80" />
          )}
        </div>
      )}
    </section>
  )
}

async function download(result: Picture, name: string): Promise<void> {
  save(await savedAs(result.digest, name.replace(/^.*\//, '')), name)
}

/** Both pictures in forms that this browser shows. */
export function Pair({ file, result }: { file: string; result: Picture }) {
  const original = useQuery({
    queryKey: ['file', file],
    queryFn: () => data(api.GET('/v1/files/{id}', { params: { path: { id: file } } })),
    staleTime: Infinity,
    retry: false,
  })
  const before = useShown(original.data && { file, digest: original.data.digest, media_type: original.data.media_type, pixels: (original.data.width ?? 0) * (original.data.height ?? 0) })
  const after = useShown({ ...result, pixels: result.width * result.height })
  if (after.isError) return <p className="p-6 text-soft">{`${t.compare.unseen} (${bytes(result.bytes)})`}</p>
  if (after.data === undefined || (before.data === undefined && !original.isError && !before.isError)) {
    return <div className="min-h-80" />
  }
  const gone = original.isError || before.isError
  return (
    <div className="grid min-h-0 grid-rows-[minmax(0,1fr)_auto]">
      <Compare
        width={result.width}
        height={result.height}
        before={gone ? null : (before.data ?? null)}
        after={after.data}
        large={result.width * result.height > LARGEST ? { before: original.data ?? null, after: result } : null}
      />
      {gone && <p className="px-3 py-1 text-soft text-xs">{t.enhance.gone}</p>}
    </div>
  )
}

function useShown(picture: { file: string; digest: string; media_type: string; pixels: number } | undefined) {
  return useQuery({
    queryKey: ['shown', picture?.digest],
    queryFn: () => {
      const { file, digest, media_type, pixels } = picture as NonNullable<typeof picture>
      return SHOWN.includes(media_type) && pixels <= LARGEST ? contentOf(file) : copyOf(digest, COPY)
    },
    enabled: picture !== undefined,
    staleTime: 3600_000,
    retry: false,
  })
}
