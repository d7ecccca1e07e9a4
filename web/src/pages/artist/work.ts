// A run of the pipeline `artist` as a work: its poem, its pictures, and how far it is.
//
//   compose(theme)  -> Run       asked for once, with the pictures of its steps as events
//   worksOf(runs)   -> Work[]    those that are finished
//   useStages(run)  -> Stages    what is there of a run, while it goes on
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, data, once, type Result, type Run } from '../../api/client'
import { isOver, listen, remember, type RunEvent } from '../../api/runs'

export const ARTIST = { target: 'artist' }

export interface Work {
  run: Run
  poem: string
  picture: Result
  artwork: Result
  painting: string
  emotion: string
}

/** What there is so far. */
export interface Stages {
  poem: string
  /** Addresses of pictures: small ones at first. */
  picture: string | null
  artwork: string | null
  /** The step that is being done. */
  step: string
}

export const compose = (theme: string): Promise<Run> =>
  once((header) => data(api.POST('/v1/runs', { params: { header }, body: { ...ARTIST, input: { theme }, output: { previews: true } } })))

/** A finished run as a work; undefined for one that is none. */
export function workOf(run: Run): Work | undefined {
  const { poem, picture, artwork, painting, emotion } = (run.output ?? {}) as Partial<Work>
  if (typeof poem !== 'string' || picture === undefined || artwork === undefined) return undefined
  return { run, poem, picture, artwork, painting: painting ?? '', emotion: emotion ?? '' }
}

export const lines = (poem: string): string[] => poem.split('\n')
/** A poem in a line, for a label. */
export const inOne = (poem: string): string => lines(poem).join(' / ')

const NOTHING: Stages = { poem: '', picture: null, artwork: null, step: '' }

/** What the events of a run have told of it, until it is over. */
export function useStages(run: Run): Stages {
  const client = useQueryClient()
  const [stages, setStages] = useState(NOTHING)
  const over = isOver(run)
  useEffect(() => {
    if (over) return
    setStages(NOTHING)
    return listen(run.id, (event) => {
      setStages((old) => after(old, event))
      if (event.run !== undefined) remember(client, event.run)
    })
  }, [client, run.id, over])
  return stages
}

/** The stages after one more event. Steps say what they do in lines; those of the poem are the poem. */
export function after(old: Stages, { type, data: said }: RunEvent): Stages {
  const step = typeof said.step === 'string' ? said.step : ''
  if (type === 'started') return NOTHING
  if (type === 'step') return { ...old, step }
  if (type === 'log' && step === 'poem' && typeof said.text === 'string' && old.step === 'poem' && !said.text.includes(':')) {
    return { ...old, poem: old.poem === '' ? said.text : `${old.poem}\n${said.text}` }
  }
  const image = type === 'preview' && typeof said.image === 'string' && said.image.startsWith('data:image/') ? said.image : null
  if (image === null) return old
  return step === 'artwork' ? { ...old, artwork: image } : { ...old, picture: image }
}
