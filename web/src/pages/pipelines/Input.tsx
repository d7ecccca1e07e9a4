// One input of a pipeline, as its schema wants it.
import { t } from '../../texts/en'
import { FIELD, Field, Select } from '../../ui/parts'
import { isPicture, isPictures, type Schema } from './api'

interface Props {
  name: string
  schema: Schema
  required: boolean
  value: unknown
  onChange: (value: unknown) => void
}

export function Input(props: Props) {
  const { name, schema, required } = props
  const label = required ? `${name} (${t.pipelines.required})` : name
  return (
    <Field label={label} hint={isPicture(schema) || isPictures(schema) ? undefined : hintOf(schema)}>
      <Control {...props} />
    </Field>
  )
}

/** What its schema says of it; the name of its kind alone says nothing to people. */
function hintOf(schema: Schema): string | undefined {
  return schema.description?.includes(' ') ? schema.description : undefined
}

function Control({ schema, required, value, onChange }: Props) {
  if (isPicture(schema) || isPictures(schema)) {
    return (
      <input
        type="file"
        accept="image/*,.tif,.tiff,.heic,.avif"
        multiple={isPictures(schema)}
        required={required}
        className={`${FIELD} py-1.5`}
        onChange={(event) => onChange([...(event.target.files ?? [])])}
      />
    )
  }
  if (schema.enum !== undefined) {
    const at = schema.enum.indexOf((value ?? schema.default) as string | number)
    return (
      <Select value={at} onChange={(event) => onChange(schema.enum?.[Number(event.target.value)])}>
        {at < 0 && <option value={-1} />}
        {schema.enum.map((one, index) => (
          <option key={String(one)} value={index}>
            {String(one)}
          </option>
        ))}
      </Select>
    )
  }
  if (schema.type === 'boolean') {
    return (
      <input
        type="checkbox"
        className="size-4 accent-accent"
        checked={Boolean(value ?? schema.default)}
        onChange={(event) => onChange(event.target.checked)}
      />
    )
  }
  const numeric = schema.type === 'number' || schema.type === 'integer'
  if (numeric) {
    return (
      <input
        type="number"
        className={FIELD}
        min={schema.minimum}
        max={schema.maximum}
        step={schema.type === 'integer' ? 1 : 'any'}
        required={required}
        value={String(value ?? schema.default ?? '')}
        onChange={(event) => onChange(event.target.value === '' ? undefined : Number(event.target.value))}
      />
    )
  }
  return (
    <input
      className={FIELD}
      required={required}
      value={String(value ?? schema.default ?? '')}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}
