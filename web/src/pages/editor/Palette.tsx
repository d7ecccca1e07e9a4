// What can be added: steps by their group, inputs and outputs. Found by typing, added by Enter or drag.
import { type KeyboardEvent, type RefObject, useMemo, useState } from 'react'
import { e } from '../../texts/editor'
import { DRAGGED } from './Canvas'
import { useDesk } from './desk'

/** What an entry of the palette adds: `step:denoise`, `in:picture`, `out:`. */
export type What = string

interface Entry {
  what: What
  name: string
  hint: string
  group: string
}

export function Palette({ search, onAdd }: { search: RefObject<HTMLInputElement | null>; onAdd: (what: What) => void }) {
  const desk = useDesk()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const all = useMemo(() => entries(desk.palette), [desk])
  const found = all.filter((one) => matches(one, text)).toSorted((one, other) => rank(one, text) - rank(other, text))
  const groups = [...new Set(found.map((one) => one.group))]
  const ordered = groups.flatMap((group) => found.filter((one) => one.group === group))
  const active = Math.min(at, Math.max(0, ordered.length - 1))
  const press = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by !== undefined && ordered.length > 0) {
      event.preventDefault()
      setAt((active + by + ordered.length) % ordered.length)
    } else if (event.key === 'Enter') {
      const entry = ordered[active]
      if (entry !== undefined) onAdd(entry.what)
    } else if (event.key === 'Escape') {
      setText('')
      event.currentTarget instanceof HTMLElement && event.currentTarget.blur()
    }
  }
  return (
    <section aria-label={e.palette.label} className="ed-palette">
      <input
        ref={search}
        type="search"
        role="combobox"
        aria-expanded
        aria-controls="ed-found"
        aria-activedescendant={ordered.length > 0 ? `ed-found-${active}` : undefined}
        aria-label={e.palette.search}
        placeholder={e.palette.search}
        className="ed-field"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={press}
      />
      <p className="ed-hint">{e.palette.key}</p>
      {ordered.length === 0 && <p className="ed-hint">{e.palette.none(text)}</p>}
      <div id="ed-found" role="listbox" aria-label={e.palette.label} className="ed-found" tabIndex={-1}>
        {groups.map((group) => (
          <div key={group} role="group" aria-label={group}>
            <p className="ed-group" aria-hidden>
              {group}
            </p>
            {ordered.map((one, index) =>
              one.group === group ? (
                <div
                  key={one.what}
                  id={`ed-found-${index}`}
                  role="option"
                  aria-selected={index === active}
                  draggable
                  onDragStart={(event) => event.dataTransfer.setData(DRAGGED, one.what)}
                  onClick={() => onAdd(one.what)}
                  className="ed-entry"
                >
                  <span>{one.name}</span>
                  <span className="ed-hint">{one.hint}</span>
                </div>
              ) : null,
            )}
          </div>
        ))}
      </div>
    </section>
  )
}

function entries(palette: ReturnType<typeof useDesk>['palette']): Entry[] {
  const steps = [...palette.values()].map((one) => ({
    what: `step:${one.name}`,
    name: one.name,
    hint: one.description || one.title,
    group: one.group || e.steps,
  }))
  const inputs = ['picture', 'text', 'number', 'choice', 'flag', 'model'].map((kind) => ({
    what: `in:${kind}`,
    name: e.palette.input(kind),
    hint: e.palette.inputHint(kind),
    group: e.palette.ends,
  }))
  return [...steps, ...inputs, { what: 'out:', name: e.palette.output, hint: e.palette.outputHint, group: e.palette.ends }]
}

/** What is called so comes before what only mentions it. */
function rank({ name }: Entry, text: string): number {
  const at = name.toLowerCase().indexOf(text.toLowerCase())
  return at === 0 ? 0 : at > 0 ? 1 : 2
}

function matches({ name, hint, group }: Entry, text: string): boolean {
  const there = `${name} ${hint} ${group}`.toLowerCase()
  return text.toLowerCase().split(/\s+/).every((word) => there.includes(word))
}
