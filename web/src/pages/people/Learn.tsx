// What is learnt of a person: begun, followed, stopped; and the question of pictures that stand apart.
import { useQueryClient } from '@tanstack/react-query'
import { learn, type Person, stopLearning } from '../../api/people'
import { left } from '../../api/told'
import { t } from '../../texts/people'
import { useDoing } from '../../ui/doing'
import { duration } from '../../ui/format'
import { Bar, Button, Card, Fault, Notice } from '../../ui/parts'
import { Shelf, usePictures } from './Collected'
import type { Learning } from './learning'

export function Learn({ person, learning, writes }: { person: Person; learning: Learning; writes: boolean }) {
  const client = useQueryClient()
  const doing = useDoing()
  const change = (work: () => Promise<Person>) =>
    void doing.run(async () => {
      client.setQueryData(['person', person.id], await work())
      void client.invalidateQueries({ queryKey: ['people'] })
    })
  const fault = doing.fault !== null && <Fault error={doing.fault} />
  if (person.state === 'training') {
    return (
      <Card title={t.learn.title}>
        <p className="text-soft">{said(learning)}</p>
        <Bar part={learning.part} label={t.learn.title} />
        {fault}
        {writes && (
          <div>
            <Button disabled={doing.busy} onClick={() => change(() => stopLearning(person.id))}>
              {t.learn.stop}
            </Button>
          </div>
        )}
      </Card>
    )
  }
  const last = person.versions[0]
  const failed = last?.state === 'failed'
  const enough = person.pictures >= person.pictures_needed
  if (!failed && !enough && person.odd.length === 0) return null
  const word = failed ? t.learn.retry : last === undefined ? t.learn.go : t.learn.again
  return (
    <>
      {failed && <Notice kind="danger">{`${t.learn.failed}: ${last.error ?? ''}`}</Notice>}
      {person.odd.length > 0 && <Odd person={person} writes={writes} busy={doing.busy} onAnyway={enough ? () => change(() => learn(person.id, true)) : null} />}
      {fault}
      {writes && enough && person.odd.length === 0 && (
        <div>
          <Button kind={person.version === null ? 'first' : 'plain'} disabled={doing.busy} onClick={() => change(() => learn(person.id, false))}>
            {word}
          </Button>
        </div>
      )}
    </>
  )
}

function said(learning: Learning): string {
  if (learning.part === null) return t.learn.waits
  const seconds = left(learning)
  const stage = t.learn.stages[learning.stage] ?? t.learn.stages.learning
  return [`${stage}, ${Math.round(learning.part * 100)} %`, ...(seconds === null ? [] : [t.learn.left(duration(seconds))])].join(', ')
}

/** `onAnyway`: null = there are too few pictures for anything. */
function Odd({ person, writes, busy, onAnyway }: { person: Person; writes: boolean; busy: boolean; onAnyway: (() => void) | null }) {
  const known = usePictures(person).data ?? []
  const shown = person.odd.flatMap((id) => known.find((one) => one.id === id) ?? [])
  const title = t.odd.title(person.name)
  return (
    <Card title={title}>
      <p className="max-w-prose text-warn">{t.odd.lead}</p>
      <Shelf person={person} shown={shown} known={known} writes={writes} label={title} />
      {writes && onAnyway !== null && (
        <div>
          <Button disabled={busy} onClick={onAnyway}>
            {t.odd.yes}
          </Button>
        </div>
      )}
    </Card>
  )
}
