// What a listing says of itself, as a form: words, tags, and pairs of pictures.
import { useState } from 'react'
import { type Card, type Example, examplesOf, type Listing, picturesOf } from '../../api/market'
import { unique } from '../../api/unique'
import { upload } from '../../api/upload'
import { t } from '../../texts/market'
import { Button, FIELD, Field } from '../../ui/parts'

/** Pairs of a card, as its schema has it. */
const MOST = 8

interface Pair {
  key: string
  title: string
  /** Files that it has already, with their addresses; null = they are still to be chosen. */
  has: { files: Example; shown: Example } | null
}

export function usePairs(known?: Listing): [Pair[], (pairs: Pair[]) => void] {
  return useState<Pair[]>(() => (known === undefined ? [empty()] : pairsOf(known)))
}

const empty = (): Pair => ({ key: unique(), title: '', has: null })

function pairsOf(known: Listing): Pair[] {
  const files = picturesOf(known)
  return examplesOf(known).map((shown, at) => ({ key: unique(), title: shown.title, has: { shown, files: files[at] as Example } }))
}

export function CardFields({ known, pairs, onPairs }: { known?: Listing; pairs: Pair[]; onPairs: (pairs: Pair[]) => void }) {
  return (
    <>
      <Field label={t.sell.title}>
        <input name="title" required maxLength={120} defaultValue={known?.title} className={FIELD} />
      </Field>
      <Field label={t.sell.tags} hint={t.sell.tagsHint}>
        <input name="tags" maxLength={400} defaultValue={known?.tags.join(', ')} className={FIELD} />
      </Field>
      <div className="sm:col-span-2">
        <Field label={t.sell.text}>
          <textarea name="text" rows={5} maxLength={20_000} defaultValue={known?.text} className={`${FIELD} py-1`} />
        </Field>
      </div>
      <div className="grid gap-3 sm:col-span-2">
        {pairs.map((pair, at) => (
          <PairFields key={pair.key} pair={pair} number={at + 1} onGone={() => onPairs(pairs.filter((one) => one !== pair))} />
        ))}
        {pairs.length < MOST && (
          <div>
            <Button onClick={() => onPairs([...pairs, empty()])}>{t.sell.addPair}</Button>
          </div>
        )}
      </div>
    </>
  )
}

function PairFields({ pair: { key, title, has }, number, onGone }: { pair: Pair; number: number; onGone: () => void }) {
  return (
    <fieldset className="grid items-start gap-3 rounded-md border border-line p-3 sm:grid-cols-2 min-w-0">
      <legend className="px-1 text-soft">{t.sell.pair(number)}</legend>
      {has === null ? (
        <>
          <Picture name={`before ${key}`} label={t.sell.before} />
          <Picture name={`after ${key}`} label={t.sell.after} />
        </>
      ) : (
        <div className="flex gap-2 sm:col-span-2">
          {([['input', t.sell.before], ['output', t.sell.after]] as const).map(([side, alt]) => (
            <img key={side} src={has.shown[side]} alt={alt} loading="lazy" decoding="async" className="h-24 w-32 rounded border border-line object-cover" />
          ))}
        </div>
      )}
      <Field label={t.sell.caption}>
        <input name={`caption ${key}`} maxLength={200} defaultValue={title} className={FIELD} />
      </Field>
      <div className="self-end">
        <Button onClick={onGone} aria-label={t.sell.dropPair(number)}>
          {t.sell.drop}
        </Button>
      </div>
    </fieldset>
  )
}

const Picture = ({ name, label }: { name: string; label: string }) => (
  <Field label={label}>
    <input name={name} type="file" accept="image/*" className={`${FIELD} py-1.5`} />
  </Field>
)

/** What was written, with new pictures as files of the account; a pair of which one is missing is left out. */
export async function cardOf(form: FormData, pairs: Pair[]): Promise<Card> {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const tags = text('tags').toLowerCase().split(',').map((tag) => tag.trim()).filter((tag) => tag !== '')
  const examples = await Promise.all(pairs.map((pair) => exampleOf(form, pair)))
  return { title: text('title'), text: text('text'), tags, examples: examples.filter((one) => one !== null) }
}

async function exampleOf(form: FormData, { key, has }: Pair): Promise<Example | null> {
  const title = String(form.get(`caption ${key}`) ?? '').trim()
  if (has !== null) return { ...has.files, title }
  const [before, after] = ['before', 'after'].map((side) => form.get(`${side} ${key}`) as File)
  if (!before?.size || !after?.size) return null
  const signal = new AbortController().signal
  const [input, output] = await Promise.all([before, after].map((file) => upload(file, file.name, () => undefined, signal)))
  return { title, input: input?.id ?? '', output: output?.id ?? '' }
}
