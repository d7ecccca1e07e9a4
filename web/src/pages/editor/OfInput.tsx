// An input of the pipeline as the panel shows it: its kind, what that allows, what it is where none is given.
import { type ReactNode, useState } from 'react'
import { e } from '../../texts/editor'
import { FIELD, Field, Select } from '../../ui/parts'
import { type Port, words, type Words } from '../pipelines/ports'
import type { Desk } from './desk'
import { begunOf, isOf } from './kinds'
import { itemOf } from './spec'
import { Value } from './Value'

const KINDS = ['picture', 'text', 'number', 'choice', 'flag', 'model', 'tensor', 'list']

export function OfInput({ desk, name, port }: { desk: Desk; name: string; port: Port }) {
  const kind = words(port)
  const set = (next: Words) => {
    const plain = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined && value !== '' && value !== false)) as unknown as Words
    if ('default' in next) plain.default = next.default ?? null
    desk.respec(e.done.input(name), (spec) => ({ ...spec, inputs: { ...spec.inputs, [name]: plain } }), `input:${name}`)
  }
  return (
    <>
      <Field label={e.inspect.kind}>
        <Select value={kind.type} onChange={(event) => set(words(begunOf(event.target.value)))}>
          {KINDS.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
      </Field>
      {kind.type === 'number' && (
        <>
          <NumberField label={e.inspect.low} value={kind.low} onChange={(low) => set({ ...kind, low })} />
          <NumberField label={e.inspect.high} value={kind.high} onChange={(high) => set({ ...kind, high })} />
          <Check label={e.inspect.integer} checked={kind.integer === true} onChange={(integer) => set({ ...kind, integer })} />
        </>
      )}
      {kind.type === 'choice' && <Offered of={kind.of ?? []} onChange={(of) => set({ ...kind, of })} />}
      {kind.type === 'model' && (
        <Field label={e.inspect.task}>
          <input className={FIELD} value={kind.task ?? ''} onChange={(event) => set({ ...kind, task: event.target.value })} />
        </Field>
      )}
      {kind.type === 'list' && (
        <Field label={e.inspect.item_}>
          <Select value={words(itemOf(port) ?? 'text').type} onChange={(event) => set({ type: 'list', item: event.target.value })}>
            {KINDS.slice(0, 3).map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        </Field>
      )}
      {kind.type !== 'picture' && (
        <Check
          label={e.inspect.hasDefault}
          checked={'default' in kind}
          onChange={(may) => {
            const { default: _, ...rest } = kind
            set(may ? { ...rest, default: firstOf(rest) } : rest)
          }}
        />
      )}
      {'default' in kind && (
        <Labelled label={e.inspect.fallback}>
          <Value port={{ ...kind, default: undefined }} value={kind.default ?? undefined} label={e.inspect.fallback} onChange={(value) => set({ ...kind, default: value })} />
        </Labelled>
      )}
    </>
  )
}

/** A value to begin with, of that kind. */
function firstOf(kind: Words): unknown {
  const found = [kind.of?.[0], kind.low, kind.high, 0, false, ''].find((value) => value !== undefined && isOf(value, kind) === '')
  return found ?? (kind.type === 'list' ? [] : null)
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="ed-bound">
      <span className="ed-label">{label}</span>
      {children}
    </div>
  )
}

function NumberField({ label, value, onChange }: { label: string; value: number | undefined; onChange: (value: number | undefined) => void }) {
  return (
    <Field label={label}>
      <input
        type="number"
        step="any"
        className={FIELD}
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value === '' ? undefined : Number(event.target.value))}
      />
    </Field>
  )
}

function Check({ label, checked, onChange }: { label: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label className="ed-check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  )
}

/** What a choice is of, as it is typed: `1, 2, 4`. */
function Offered({ of, onChange }: { of: (string | number | boolean)[]; onChange: (of: (string | number)[]) => void }) {
  const [text, setText] = useState(of.join(', '))
  const write = (typed: string) => {
    setText(typed)
    const parts = typed.split(',').map((one) => one.trim()).filter((one) => one !== '')
    if (parts.length > 0) onChange([...new Set(parts)].map((one) => (Number.isFinite(Number(one)) ? Number(one) : one)))
  }
  return (
    <Field label={e.inspect.of} hint={e.inspect.ofHint}>
      <input className={FIELD} value={text} onChange={(event) => write(event.target.value)} />
    </Field>
  )
}
