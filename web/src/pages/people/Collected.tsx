// The pictures of a person: sent, answered, in doubt, taken out.
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useRef, useState } from 'react'
import { type Person, type Picture, pictures, removePicture } from '../../api/people'
import { t } from '../../texts/people'
import { useDoing } from '../../ui/doing'
import { Bar, Button, Card, Fault, Loading, Notice } from '../../ui/parts'
import { useArrivals } from '../enhance/arrivals'
import { takenFrom } from '../enhance/Folder'
import { Findings, worthSaying } from './Findings'
import { dismiss, previewOf } from './previews'
import { type Sending, type Sent, useSending } from './sendingPictures'

const words = t.collected

/** Asked for anew when there are more or fewer, whoever sent or took them. */
export const usePictures = ({ id, pictures: count }: Person) =>
  useQuery({ queryKey: ['pictures of', id, count], queryFn: () => pictures(id), placeholderData: keepPreviousData })

/** `children`: what can be done with all of them. */
export function Collected({ person, writes, children }: { person: Person; writes: boolean; children: ReactNode }) {
  const found = usePictures(person)
  const known = found.data ?? []
  const left = person.pictures_needed - person.pictures
  return (
    <Card title={words.title}>
      <p className="text-soft">
        {`${t.counted(person.pictures, person.pictures_needed)}. `}
        {left > 0 && person.versions.length === 0 ? words.begins(left) : words.lead}
      </p>
      {person.versions.length === 0 && <Bar part={Math.min(1, person.pictures / person.pictures_needed)} label={t.counted(person.pictures, person.pictures_needed)} />}
      {writes && <Arriving person={person} known={known} />}
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && known.length === 0 && <p className="text-soft">{words.none}</p>}
      <Strange known={known} />
      {person.state === 'training' && <p className="text-soft text-xs">{words.held}</p>}
      {known.some(({ id }) => previewOf(id) === undefined) && <p className="text-soft text-xs">{words.unseen}</p>}
      <Shelf person={person} shown={known} known={known} writes={writes && person.state !== 'training'} label={words.title} />
      {children}
    </Card>
  )
}

function Arriving({ person, known }: { person: Person; known: Picture[] }) {
  const input = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const sending = useSending(person.id)
  useArrivals(sending.add, setOver)
  return (
    <>
      <div className={`grid justify-items-center gap-2 rounded-lg border-2 border-dashed p-4 text-center ${over ? 'border-accent' : 'border-edge'}`}>
        <p>{over ? words.here : words.drop}</p>
        <Button kind={person.versions.length === 0 ? 'first' : 'plain'} onClick={() => input.current?.click()}>
          {words.choose}
        </Button>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          data-testid="pictures"
          accept="image/*,.tif,.tiff,.heic,.heif,.avif"
          onChange={(event) => sending.add(takenFrom(event.target))}
        />
      </div>
      {sending.all.length > 0 && <Became sending={sending} known={known} />}
    </>
  )
}

function Became({ sending, known }: { sending: Sending; known: Picture[] }) {
  const taken = sending.all.filter(isGood).length
  const refused = sending.all.filter(({ answer }) => answer !== null).length - taken
  return (
    <section aria-label={words.sent} className="grid gap-2 rounded-md border border-line p-3 min-w-0">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p role="status">{words.counts(taken, refused)}</p>
        {sending.busy ? <Button onClick={sending.stop}>{words.stop}</Button> : <Button onClick={sending.clear}>{words.clear}</Button>}
      </div>
      <ul className="grid max-h-96 gap-2 overflow-y-auto" tabIndex={0} aria-label={words.sent}>
        {inOrder(sending).map((one) => (
          <li key={one.key} className="grid gap-1 border-t border-line pt-2 min-w-0">
            <Line one={one} known={known} />
          </li>
        ))}
      </ul>
    </section>
  )
}

/** When all is answered, what was not taken comes first. */
const inOrder = ({ all, busy }: Sending): Sent[] => (busy ? all : all.toSorted((one, other) => Number(isGood(one)) - Number(isGood(other))))

const isGood = ({ answer }: Sent): boolean => answer?.id != null

function Line({ one, known }: { one: Sent; known: Picture[] }) {
  const { state, part, answer, fault } = one
  const said = state === 'waiting' ? words.waiting : state === 'left' ? words.left : state === 'sending' ? (part < 1 ? words.sending(part) : words.looking) : answer?.id == null ? words.refused : words.taken
  const colour = state !== 'answered' ? 'text-soft' : answer?.id == null ? 'text-danger' : 'text-good'
  return (
    <>
      <div className="flex justify-between gap-3">
        <span className="truncate">{one.name}</span>
        <span className={`shrink-0 ${colour}`}>{said}</span>
      </div>
      {state === 'sending' && <Bar part={part < 1 ? part : null} label={one.name} />}
      {fault !== null && <Fault error={fault} />}
      {answer !== null && <Findings findings={worthSaying(answer.findings)} known={known} />}
    </>
  )
}

/** Said once for all of them: what the generator knows, and what it does not. */
function Strange({ known }: { known: Picture[] }) {
  const strange = known.filter(({ findings }) => findings.some(({ code, verdict }) => code === 'familiar' && verdict === 'noted'))
  return strange.length > 0 && <Notice kind="warn">{t.strange(strange.length, known.length)}</Notice>
}

/** Pictures side by side; `known`: all of the person, by whose places those without a name are called. */
export function Shelf({ person, shown, known, writes, label }: { person: Person; shown: Picture[]; known: Picture[]; writes: boolean; label: string }) {
  const client = useQueryClient()
  const doing = useDoing()
  const remove = (picture: Picture) =>
    doing.run(async () => {
      client.setQueryData(['person', person.id], await removePicture(person.id, picture.id))
      dismiss([picture.id])
      await client.invalidateQueries({ queryKey: ['pictures of', person.id] })
    })
  const nameOf = (picture: Picture) => picture.name || words.unnamed(known.indexOf(picture) + 1)
  const seen = shown.some(({ id }) => previewOf(id) !== undefined)
  return (
    <>
      {doing.fault !== null && <Fault error={doing.fault} />}
      <ul aria-label={label} className="grid grid-cols-[repeat(auto-fill,minmax(8rem,1fr))] gap-3">
        {shown.map((one) => (
          <li key={one.id} className="grid content-start gap-1 min-w-0">
            {seen && <Preview address={previewOf(one.id)} name={nameOf(one)} />}
            <span className="truncate" title={nameOf(one)}>
              {nameOf(one)}
            </span>
            <details className="text-xs">
              <summary className="min-h-6 text-soft">{words.findings}</summary>
              <Findings findings={one.findings} known={known} />
            </details>
            {writes && (
              <Button className="justify-self-start text-xs" disabled={doing.busy} aria-label={words.removing(nameOf(one))} onClick={() => void remove(one)}>
                {words.remove}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

function Preview({ address, name }: { address: string | undefined; name: string }) {
  if (address === undefined) return <span className="block aspect-square w-full rounded bg-raised" />
  return <img src={address} alt={name} decoding="async" className="aspect-square w-full rounded object-cover" />
}
