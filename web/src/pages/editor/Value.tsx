// A constant as its kind wants it: in a row of a node, and in the panel beside the graph.
import { useId, useState } from 'react'
import { e } from '../../texts/editor'
import { type Port, words } from '../pipelines/ports'
import { isOf } from './kinds'

interface Props {
  port: Port
  /** undefined = left out. */
  value: unknown
  label: string
  onChange: (value: unknown) => void
  /** Texts that are offered, beside all others that may be written. */
  offered?: string[]
}

export function Value({ port, value, label, onChange, offered = [] }: Props) {
  const kind = words(port)
  const fallback = kind.default
  if (kind.type === 'choice' || kind.type === 'flag') {
    const choices = kind.type === 'flag' ? [true, false] : (kind.of ?? [])
    const at = choices.indexOf((value ?? fallback) as string)
    return (
      <select className="ed-value" aria-label={label} value={at} onChange={(event) => onChange(choices[Number(event.target.value)])}>
        {at < 0 && <option value={-1} />}
        {choices.map((one, index) => (
          <option key={String(one)} value={index}>
            {String(one)}
          </option>
        ))}
      </select>
    )
  }
  return <Typed port={port} value={value} label={label} onChange={onChange} offered={offered} />
}

/** What is written; kept as it is typed while it is none of its kind. */
function Typed({ port, value, label, onChange, offered = [] }: Props) {
  const list = useId()
  const kind = words(port)
  const plain = kind.type === 'text' || kind.type === 'model'
  const shown = value === undefined ? '' : plain ? unescaped(value) : JSON.stringify(value)
  const [typing, setTyping] = useState<string | null>(null)
  const [why, setWhy] = useState('')
  const write = (text: string) => {
    setTyping(text)
    if (text === '') {
      setWhy('')
      return onChange(undefined)
    }
    const [found, wrong] = plain ? [escaped(text), ''] : readJson(text)
    const reason = wrong || (plain ? '' : isOf(found, port))
    setWhy(reason)
    if (wrong === '') onChange(found)
  }
  const fallback = kind.default === undefined ? '' : kind.default === null ? e.inspect.fallbackUnsaid : plain ? String(kind.default) : JSON.stringify(kind.default)
  return (
    <>
      <input
        className="ed-value"
        aria-label={label}
        aria-invalid={why !== ''}
        inputMode={kind.type === 'number' ? 'decimal' : undefined}
        placeholder={fallback}
        spellCheck={false}
        list={offered.length > 0 ? list : undefined}
        value={typing ?? shown}
        onChange={(event) => write(event.target.value)}
        onBlur={() => why === '' && setTyping(null)}
      />
      {offered.length > 0 && (
        <datalist id={list}>
          {offered.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
      {why !== '' && <span className="ed-wrong">{e.inspect.wrong(typing ?? '', why)}</span>}
    </>
  )
}

function readJson(text: string): [unknown, string] {
  try {
    return [JSON.parse(text), '']
  } catch {
    return [undefined, e.inspect.notJson]
  }
}

/** A text that begins with a dollar is written with two. */
const escaped = (text: string): string => (text.startsWith('$') ? `$${text}` : text)
const unescaped = (value: unknown): string => (typeof value === 'string' ? (value.startsWith('$$') ? value.slice(1) : value) : JSON.stringify(value))
