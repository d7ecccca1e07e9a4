// All finished works: each its artwork, its poem, and whose brush it was.
import { t } from '../../texts/artist'
import { Empty } from '../../ui/parts'
import { More } from '../../ui/More'
import type { useRuns } from '../../api/runs'
import { Poem, useCopy } from './OneWork'
import { inOne, type Work } from './work'

/** Pixels across of a picture on the wall. */
const ACROSS = 320

export function Wall({
  works,
  chosen,
  onChoose,
  found,
}: {
  works: Work[]
  chosen: string | null
  onChoose: (run: string) => void
  found: ReturnType<typeof useRuns>
}) {
  return (
    <section aria-label={t.wall} className="grid gap-3">
      <h2>{t.wall}</h2>
      {works.length === 0 && <Empty>{t.none}</Empty>}
      <ul className="grid gap-4 grid-cols-[repeat(auto-fill,minmax(min(100%,13rem),1fr))]">
        {works.map((work) => (
          <li key={work.run.id}>
            <Hung work={work} chosen={work.run.id === chosen} onChoose={() => onChoose(work.run.id)} />
          </li>
        ))}
      </ul>
      <More found={found} />
    </section>
  )
}

function Hung({ work, chosen, onChoose }: { work: Work; chosen: boolean; onChoose: () => void }) {
  const copy = useCopy(work.artwork, ACROSS)
  const poem = inOne(work.poem)
  return (
    <figure className="grid h-full content-start gap-2 rounded-lg border border-line bg-sheet p-3">
      <button type="button" aria-label={t.show(poem)} aria-pressed={chosen} onClick={onChoose} className="block w-full rounded">
        {copy === null ? (
          <span className="block aspect-square w-full rounded bg-raised" />
        ) : (
          <img src={copy} alt="" loading="lazy" decoding="async" className="aspect-square w-full rounded object-cover" />
        )}
      </button>
      <figcaption className="grid gap-1">
        <Poem poem={work.poem} />
        <span className="text-soft text-xs">{t.by(work.painting, work.emotion)}</span>
      </figcaption>
    </figure>
  )
}
