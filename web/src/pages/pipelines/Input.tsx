// One input of a pipeline as a field of a form, as its kind wants it.
import { useState } from 'react'
import { t } from '../../texts/en'
import { FIELD, Field, Select } from '../../ui/parts'
import { isPicture, isPictures, isRequired, type Port, said, words } from './ports'

interface Props {
  name: string
  port: Port
  value: unknown
  onChange: (value: unknown) => void
}

export function Input({ name, port, value, onChange }: Props) {
  const label = isRequired(port) ? `${name} (${t.pipelines.required})` : name
  return (
    <Field label={label} hint={hintOf(port)}>
      <Control name={name} port={port} value={value} onChange={onChange} />
    </Field>
  )
}

/** What its kind says of it; the name of the kind alone says nothing to people. */
function hintOf(port: Port): string | undefined {
  const hint = said(port)
  return words(port).type === 'choice' || !hint.includes(' ') || isPictures(port) ? undefined : hint
}

function Control({ port, value, onChange }: Props) {
  const kind = words(port)
  const fallback = kind.default
  if (isPicture(port) || isPictures(port)) {
    return (
      <input
        type="file"
        accept="image/*,.tif,.tiff,.heic,.avif"
        multiple={isPictures(port)}
        required={isRequired(port)}
        className={`${FIELD} py-1.5`}
        onChange={(event) => onChange(event.target.files?.length ? [...event.target.files] : undefined)}
      />
    )
  }
  switch (kind.type) {
    case 'choice': {
      const at = (kind.of ?? []).indexOf((value ?? fallback) as string | number)
      return (
        <Select value={at} onChange={(event) => onChange(kind.of?.[Number(event.target.value)])}>
          {at < 0 && <option value={-1} />}
          {kind.of?.map((one, index) => (
            <option key={String(one)} value={index}>
              {String(one)}
            </option>
          ))}
        </Select>
      )
    }
    case 'flag':
      return (
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={Boolean(value ?? fallback)}
          onChange={(event) => onChange(event.target.checked)}
        />
      )
    case 'number':
      return (
        <input
          type="number"
          className={FIELD}
          min={kind.low}
          max={kind.high}
          step={kind.integer === true ? 1 : 'any'}
          required={isRequired(port)}
          value={String(value ?? fallback ?? '')}
          onChange={(event) => onChange(event.target.value === '' ? undefined : Number(event.target.value))}
        />
      )
    case 'tensor':
    case 'list':
      return <Json port={port} value={value ?? fallback} onChange={onChange} />
    default:
      return (
        <input
          className={FIELD}
          required={isRequired(port)}
          value={String(value ?? fallback ?? '')}
          onChange={(event) => onChange(event.target.value)}
        />
      )
  }
}

/** What is written as JSON; nothing is given while it is none. */
function Json({ port, value, onChange }: { port: Port; value: unknown; onChange: (value: unknown) => void }) {
  const [text, setText] = useState(value === undefined || value === null ? '' : JSON.stringify(value))
  const write = (now: string, field: HTMLInputElement) => {
    setText(now)
    let found: unknown
    try {
      found = now === '' ? undefined : JSON.parse(now)
      field.setCustomValidity('')
    } catch {
      field.setCustomValidity(t.pipelines.notJson)
    }
    onChange(found)
  }
  return (
    <input className={FIELD} required={isRequired(port)} value={text} placeholder="[ ]" onChange={(event) => write(event.target.value, event.target)} />
  )
}
