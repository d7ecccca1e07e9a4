// What is selected, with all that can be said of it: names, where each port has its value from,
// conditions; of nothing, the pipeline's own name and title.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { models } from '../../api/models'
import { e } from '../../texts/editor'
import { Button, FIELD, Field, Select } from '../../ui/parts'
import { type Port, said, words } from '../pipelines/ports'
import { type Desk, spoken, useDesk, useSeen } from './desk'
import { rename } from './edits'
import { OfInput } from './OfInput'
import {
  type End, type Id, idOf, isOpen, ITEM, nameOf, refTo, sortOf, sources, type Spec, type Step, VALUE,
} from './spec'
import { NAMES } from './sound'
import { Value } from './Value'
import { bind, changed, refusal } from './wiring'

export function Inspector({ editable, onDuplicate, onRemove }: { editable: boolean; onDuplicate: () => void; onRemove: () => void }) {
  const desk = useDesk()
  const selected = useSeen((state) => state.selected)
  const spec = useSeen((state) => state.history.now.spec)
  const [id] = selected
  const name = id === undefined ? '' : nameOf(id)
  const step = spec.steps[name]
  return (
    <fieldset disabled={!editable} className="ed-form">
      {id === undefined && <Whole desk={desk} spec={spec} />}
      {selected.length > 1 && <p>{e.inspect.many(selected.length)}</p>}
      {selected.length === 1 && id !== undefined && (
        <div key={id} className="ed-form">
          <Name desk={desk} id={id} spec={spec} />
          {sortOf(id) === 'step' && step !== undefined && <OfStep desk={desk} id={id} step={step} />}
          {sortOf(id) === 'in' && <OfInput desk={desk} name={name} port={spec.inputs?.[name] ?? 'text'} />}
          {sortOf(id) === 'out' && <From desk={desk} label={e.inspect.from} to={{ node: id, port: VALUE }} raw={spec.outputs?.[name]} />}
          <Faults id={id} />
        </div>
      )}
      {id !== undefined && (
        <div className="ed-actions">
          <Button onClick={onDuplicate}>{e.inspect.duplicate}</Button>
          <Button kind="danger" onClick={onRemove}>
            {e.inspect.remove}
          </Button>
        </div>
      )}
    </fieldset>
  )
}

function Whole({ desk, spec }: { desk: Desk; spec: Spec }) {
  const set = (parts: Partial<Spec>) => desk.respec(e.done.heading, (old) => ({ ...old, ...parts }), `heading:${Object.keys(parts).join()}`)
  return (
    <>
      <p className="ed-hint">{e.inspect.none}</p>
      <Field label={e.name} hint={e.nameHint}>
        <input className={FIELD} value={spec.name} spellCheck={false} onChange={(event) => set({ name: event.target.value })} />
      </Field>
      <Field label={e.title} hint={e.titleHint}>
        <input className={FIELD} value={spec.title ?? ''} onChange={(event) => set({ title: event.target.value })} />
      </Field>
      {Object.keys(spec.outputs ?? {}).length === 0 && <p className="ed-hint">{e.inspect.outputs}</p>}
    </>
  )
}

function Name({ desk, id, spec }: { desk: Desk; id: Id; spec: Spec }) {
  const [text, setText] = useState(nameOf(id))
  const sort = sortOf(id)
  const others = { in: spec.inputs, step: spec.steps, out: spec.outputs }[sort] ?? {}
  const why = text === nameOf(id) ? '' : !NAMES[sort].test(text) ? e.inspect.badName : Object.hasOwn(others, text) ? e.inspect.takenName(text) : ''
  const done = () => {
    if (text === nameOf(id) || why !== '') return setText(why === '' ? text : nameOf(id))
    desk.edit(e.done.rename(text), (doc) => rename(doc, id, text))
    desk.choose([idOf(sort, text)])
  }
  return (
    <Field label={e.name} hint={why === '' ? undefined : <span className="ed-wrong">{why}</span>}>
      <input
        className={FIELD}
        value={text}
        spellCheck={false}
        aria-invalid={why !== ''}
        onChange={(event) => setText(event.target.value)}
        onBlur={done}
        onKeyDown={(event) => event.key === 'Enter' && done()}
      />
    </Field>
  )
}

function OfStep({ desk, id, step }: { desk: Desk; id: Id; step: Step }) {
  const name = nameOf(id)
  const known = desk.palette.get(step.use)
  const set = (said_: string, parts: Partial<Step>, key: string) => desk.respec(said_, (spec) => changed(spec, name, parts), `${key}:${name}`)
  return (
    <>
      <p className="ed-hint">
        {known === undefined ? e.node.missing : `${known.description || known.title} ${e.inspect.describes(known.streams)}`}
      </p>
      {Object.entries(known?.inputs ?? {}).map(([port, kind]) => (
        <Bound key={port} desk={desk} id={id} step={step} port={port} kind={kind} />
      ))}
      <Field label={e.node.when} hint={e.inspect.whenHint}>
        <input
          className={FIELD}
          value={step.when ?? ''}
          spellCheck={false}
          onChange={(event) => set(e.done.condition(name), { when: event.target.value || undefined }, 'when')}
        />
      </Field>
      <Field label={e.node.each} hint={e.inspect.eachHint}>
        <input
          className={FIELD}
          value={step.each ?? ''}
          spellCheck={false}
          onChange={(event) => set(e.done.each(name), { each: event.target.value || undefined }, 'each')}
        />
      </Field>
    </>
  )
}

/** A port of a step: where it has its value from, and the value itself. */
function Bound({ desk, id, step, port, kind }: { desk: Desk; id: Id; step: Step; port: string; kind: Port }) {
  const raw = step.with?.[port]
  const name = nameOf(id)
  const set = (value: unknown) => desk.respec(e.done.value(`${name}.${port}`), (spec) => bind(spec, name, port, value), `value:${name}.${port}`)
  const models = useModels(kind)
  const secret = typeof raw === 'object' && raw !== null && 'secret' in raw ? String(raw.secret) : null
  return (
    <div className="ed-bound">
      <From desk={desk} label={e.inspect.source(port)} to={{ node: id, port }} raw={raw} kind={kind} each={step.each !== undefined} />
      {secret !== null && (
        <input className={FIELD} aria-label={e.inspect.secretName} value={secret} spellCheck={false} onChange={(event) => set({ secret: event.target.value })} />
      )}
      {!isOpen(raw) && words(kind).type !== 'picture' && (
        <div className="ed-row">
          <Value port={kind} value={raw} label={`${port}: ${said(kind)}`} onChange={set} offered={models} />
          {raw !== undefined && 'default' in words(kind) && (
            <Button kind="quiet" aria-label={e.inspect.reset(port)} title={e.inspect.reset(port)} onClick={() => set(undefined)}>
              ↺
            </Button>
          )}
        </div>
      )}
    </div>
  )
}

/** Chooses what leads to a port: what does not fit is there, and says why it cannot be taken. */
function From({ desk, label, to, raw, kind, each = false }: { desk: Desk; label: string; to: End; raw: unknown; kind?: Port; each?: boolean }) {
  const { spec, palette } = desk
  const all = sources(spec, palette).map((end) => ({ ref: refTo(end), end, why: refusal(spec, palette, end, to) }))
  const at = isOpen(raw) ? (typeof raw === 'string' ? raw : 'secret' in (raw as object) ? 'secret' : 'written') : ''
  const known = at === '' || at === 'secret' || at === ITEM || all.some((one) => one.ref === at)
  const take = (chosen: string) => {
    const found = all.find((one) => one.ref === chosen)
    const name = nameOf(to.node)
    if (found !== undefined) return desk.join(found.end, to)
    if (sortOf(to.node) === 'out') return desk.respec(e.done.value(name), (old) => ({ ...old, outputs: { ...old.outputs, [name]: '' } }))
    const value = chosen === ITEM ? ITEM : chosen === 'secret' ? { secret: 'NAME' } : undefined
    desk.respec(e.done.value(`${name}.${to.port}`), (old) => bind(old, name, to.port, value))
  }
  return (
    <Field label={label}>
      <Select value={known ? at : 'written'} onChange={(event) => take(event.target.value)}>
        <option value="">{kind === undefined || words(kind).type === 'picture' ? e.inspect.unbound : e.inspect.constant}</option>
        {!known && <option value="written">{e.inspect.written}</option>}
        {each && <option value={ITEM}>{e.inspect.item}</option>}
        {kind !== undefined && words(kind).type === 'text' && <option value="secret">{e.inspect.secret}</option>}
        {all.map(({ ref, end, why }) => (
          <option key={ref} value={ref} disabled={why !== '' && ref !== at}>
            {why === '' || ref === at ? spoken(end) : `${spoken(end)}: ${why}`}
          </option>
        ))}
      </Select>
    </Field>
  )
}

/** Names of models that fit a port for one; none for all others. */
function useModels(kind: Port): string[] {
  const { type, task } = words(kind)
  const found = useQuery({ queryKey: ['models', { ports: true }], queryFn: () => models('', undefined), enabled: type === 'model', staleTime: 60_000 })
  return (type === 'model' ? (found.data?.data ?? []) : []).filter((one) => task === undefined || one.task === task).map((one) => one.name)
}

function Faults({ id }: { id: Id }) {
  const faults = useSeen((state) => state.faults.get(id))
  return faults === undefined ? null : (
    <ul className="ed-faults">
      {faults.map((fault) => (
        <li key={fault.place + fault.reason}>{`${fault.reason}${fault.remedy === '' ? '' : `: ${fault.remedy}`}`}</li>
      ))}
    </ul>
  )
}
