// Trainings: recipes that workers carry out.
import { api, data, once } from './client'
import type { components } from './schema'

type Schemas = components['schemas']
export type Training = Schemas['Training']
export type Wanted = Schemas['TrainingCreate']

const of = (id: string) => ({ params: { path: { id } } })

export const recipes = async (): Promise<string[]> => (await data(api.GET('/v1/trainings/recipes'))).data

export const trainings = (after: string | undefined) => data(api.GET('/v1/trainings', { params: { query: { after } } }))

export const training = (id: string): Promise<Training> => data(api.GET('/v1/trainings/{id}', of(id)))

/** It is begun once, however often it is sent. */
export const begin = (wanted: Wanted): Promise<Training> => once((header) => data(api.POST('/v1/trainings', { params: { header }, body: wanted })))

export const stop = (id: string): Promise<Training> => data(api.POST('/v1/trainings/{id}/cancel', of(id)))

/** Goes on at its last checkpoint. */
export const goOn = (id: string): Promise<Training> => data(api.POST('/v1/trainings/{id}/retry', of(id)))

export const isOver = ({ status }: Training): boolean => status !== 'queued' && status !== 'running'
