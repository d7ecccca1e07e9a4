// A pipeline as a text while it has faults that the server cannot write down: YAML, since JSON is YAML.
import type { Spec } from './spec'

export function written(spec: Spec): string {
  const { name, title, inputs, steps, outputs } = spec
  const section = (word: string, parts: Record<string, unknown> = {}) =>
    Object.keys(parts).length === 0 ? [] : [`${word}:`, ...Object.entries(parts).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`)]
  const lines = [
    `name: ${JSON.stringify(name)}`,
    ...(title === undefined || title === '' ? [] : [`title: ${JSON.stringify(title)}`]),
    ...section('inputs', inputs),
    ...section('steps', steps as unknown as Record<string, unknown>),
    ...section('outputs', outputs),
  ]
  return `${lines.join('\n')}\n`
}

/** Whether `got` has all that `sent` has, whatever the values: nothing was left out as nonsense. */
export function keeps(sent: unknown, got: unknown): boolean {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return true
  if (typeof got !== 'object' || got === null) return Object.keys(sent).length === 0
  return Object.entries(sent).every(([key, value]) => isEmpty(value) || keepsKey(key, value, got as Record<string, unknown>))
}

/** A port may be written as the name of its kind alone. */
const keepsKey = (key: string, value: unknown, got: Record<string, unknown>): boolean =>
  key in got && (typeof got[key] === 'string' || keeps(value, got[key]))

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || value === null || (typeof value === 'object' && Object.keys(value as object).length === 0)
