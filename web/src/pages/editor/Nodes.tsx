// Nodes as they are drawn: inputs, steps with their ports and values, outputs; what is wrong with each,
// and while it runs, how far it is and what it made.
import type { NodeProps } from '@xyflow/react'
import { memo, type ReactNode } from 'react'
import { e } from '../../texts/editor'
import { isPicture, said, words } from '../pipelines/ports'
import { spoken, useDesk, useSeen } from './desk'
import { PortEnd } from './Ports'
import { useDone } from './running'
import { EACH, endOf, given, type Id, isOpen, nameOf, sortOf, type Step, VALUE, WHEN, wires } from './spec'
import { Value } from './Value'
import { bind, changed } from './wiring'

/** A node that is dragged is drawn anew only where it lies. */
const still = (one: NodeProps, other: NodeProps): boolean => one.id === other.id && one.selected === other.selected

export const kinds = { in: memo(InputNode, still), step: memo(StepNode, still), out: memo(OutputNode, still) }

function Box({ id, sort, head, beside, selected, children }: {
  id: Id
  sort: string
  head: ReactNode
  beside?: ReactNode
  selected: boolean
  children: ReactNode
}) {
  const faults = useSeen((state) => state.faults.get(id))
  const wide = useSeen((state) => state.wide && state.whole)
  return (
    <div className={`ed-node ed-node-${sort}`} data-selected={selected} data-faulty={faults !== undefined}>
      <div className="ed-head">
        {head}
        {beside}
      </div>
      <fieldset disabled={!wide} className="ed-ports">
        {children}
      </fieldset>
      {faults !== undefined && (
        <ul className="ed-faults">
          {faults.slice(0, 2).map((fault) => (
            <li key={fault.place + fault.reason}>{fault.reason}</li>
          ))}
          {faults.length > 2 && <li>{e.node.more(faults.length - 2)}</li>}
        </ul>
      )}
      <Made id={id} />
    </div>
  )
}

/** The thumbnail of what a node made, and how far it is. */
function Made({ id }: { id: Id }) {
  const done = useDone(id)
  if (done === undefined) return null
  return (
    <div className="ed-made" data-state={done.state}>
      {done.image !== null && <img src={done.image} alt={e.node.preview(nameOf(id))} className="ed-thumb" draggable={false} />}
      {sortOf(id) === 'step' && (
        <span className="ed-far">
          <span>{done.state === 'doing' && done.part > 0 ? `${Math.round(done.part * 100)} %` : e.node[done.state]}</span>
          <span className="ed-progress">
            <span className="ed-progress-part" style={{ width: `${Math.round((done.state === 'done' ? 1 : done.part) * 100)}%` }} />
          </span>
        </span>
      )}
    </div>
  )
}

function StepNode({ id, selected }: NodeProps) {
  const desk = useDesk()
  const name = nameOf(id)
  const step = useSeen((state) => state.history.now.spec.steps[name])
  const stage = useSeen((state) => stageOf(state.checked?.graph?.stages, name))
  if (step === undefined) return null
  const known = desk.palette.get(step.use)
  const takes = Object.entries(known?.inputs ?? {})
  const needed = takes.filter(([, port]) => !('default' in words(port)))
  const rest = takes.filter(([, port]) => 'default' in words(port))
  const bound = step.with ?? {}
  const set = (port: string, value: unknown) =>
    desk.respec(e.done.value(`${name}.${port}`), (spec) => bind(spec, name, port, value), `value:${name}.${port}`)
  return (
    <Box
      id={id}
      sort="step"
      selected={selected}
      head={<strong>{name}</strong>}
      beside={
        <>
          <span className="ed-use">{step.use === name ? '' : step.use}</span>
          {stage !== null && <span className="ed-stage-badge" title={e.stage(stage)}>{stage}</span>}
        </>
      }
    >
      <div className="ed-pairs">
        <div>
          {needed.map(([port, kind]) => (
            <div key={port} className="ed-needed">
              <PortEnd end={{ node: id, port }} gives={false} kind={kind} label={port} reached={selected} from={cameFrom(bound[port])} />
              {isOpen(bound[port]) && cameFrom(bound[port]) === '' && <span className="ed-open">{openly(bound[port])}</span>}
            </div>
          ))}
        </div>
        <div>
          {Object.keys(known?.outputs ?? {}).map((port) => (
            <PortEnd key={port} end={{ node: id, port }} gives kind={given(desk.spec, desk.palette, { node: id, port })} label={port} reached={selected} />
          ))}
        </div>
      </div>
      {needed.filter(([port, kind]) => !isPicture(kind) && !isOpen(bound[port])).map(([port, kind]) => (
        <div key={port} className="ed-row nodrag nopan nokey">
          <Value port={kind} value={bound[port]} label={`${port} of ${name}`} onChange={(value) => set(port, value)} />
        </div>
      ))}
      {rest.map(([port, kind]) => (
        <div key={port} className="ed-row">
          <PortEnd end={{ node: id, port }} gives={false} kind={kind} label={port} reached={selected} from={cameFrom(bound[port])} />
          {isOpen(bound[port]) ? (
            <span className="ed-open">{openly(bound[port])}</span>
          ) : (
            <span className="ed-grow nodrag nopan nokey">
              <Value port={kind} value={bound[port]} label={`${port} of ${name}`} onChange={(value) => set(port, value)} />
            </span>
          )}
        </div>
      ))}
      {known === undefined && <Unknown id={id} step={step} />}
      <Extra step={step} id={id} selected={selected} />
    </Box>
  )
}

/** What is said of a step that is not there: the ports that its wires lead to. */
function Unknown({ id, step }: { id: Id; step: Step }) {
  const spec = useSeen((state) => state.history.now.spec)
  const gives = new Set(wires(spec).filter((one) => one.from.node === id).map((one) => one.from.port))
  return (
    <>
      <div className="ed-pairs">
        <div>
          {Object.keys(step.with ?? {}).map((port) => (
            <PortEnd key={port} end={{ node: id, port }} gives={false} kind={undefined} label={port} reached={false} />
          ))}
        </div>
        <div>
          {[...gives].map((port) => (
            <PortEnd key={port} end={{ node: id, port }} gives kind={undefined} label={port} reached={false} />
          ))}
        </div>
      </div>
      <p className="ed-wrong">{e.node.missing}</p>
    </>
  )
}

/** When a step runs, and how often: shown where it is said, or the step is selected or a wire is made. */
function Extra({ step, id, selected }: { step: Step; id: Id; selected: boolean }) {
  const desk = useDesk()
  const name = nameOf(id)
  return (
    <>
      <div className="ed-row" data-empty={step.when === undefined && !selected}>
        <PortEnd end={{ node: id, port: WHEN }} gives={false} kind="flag" label={e.node.when} name={e.node.whenPort(name)} reached={selected} />
        <input
          className="ed-value nodrag nopan nokey"
          aria-label={e.node.whenPort(name)}
          value={step.when ?? ''}
          spellCheck={false}
          onChange={(event) =>
            desk.respec(e.done.condition(name), (spec) => changed(spec, name, { when: event.target.value || undefined }), `when:${name}`)
          }
        />
      </div>
      <div className="ed-row" data-empty={step.each === undefined && !selected}>
        <PortEnd end={{ node: id, port: EACH }} gives={false} kind={{ type: 'list', item: 'text' }} label={e.node.each} name={e.node.eachPort(name)} reached={selected} />
        <input
          className="ed-value nodrag nopan nokey"
          aria-label={e.node.eachPort(name)}
          value={step.each ?? ''}
          spellCheck={false}
          onChange={(event) => desk.respec(e.done.each(name), (spec) => changed(spec, name, { each: event.target.value || undefined }), `each:${name}`)}
        />
      </div>
    </>
  )
}

function InputNode({ id, selected }: NodeProps) {
  const desk = useDesk()
  const name = nameOf(id)
  const port = useSeen((state) => state.history.now.spec.inputs?.[name])
  if (port === undefined) return null
  const kind = words(port)
  return (
    <Box id={id} sort="in" selected={selected} head={<strong>{name}</strong>} beside={<span className="ed-use">{kind.type}</span>}>
      <div className="ed-row">
        {'default' in kind && (
          <span className="ed-grow nodrag nopan nokey">
            <Value
              port={{ ...kind, default: undefined }}
              value={kind.default ?? undefined}
              label={`${e.inspect.fallback}: ${name}`}
              onChange={(value) =>
                desk.respec(
                  e.done.input(name),
                  (spec) => ({ ...spec, inputs: { ...spec.inputs, [name]: { ...kind, default: value ?? null } } }),
                  `input:${name}`,
                )
              }
            />
          </span>
        )}
        <PortEnd end={{ node: id, port: VALUE }} gives kind={port} label={kind.type} reached={selected} name={e.node.gives(e.node.value, name, said(port))} />
      </div>
    </Box>
  )
}

function OutputNode({ id, selected }: NodeProps) {
  const desk = useDesk()
  const name = nameOf(id)
  const ref = useSeen((state) => state.history.now.spec.outputs?.[name])
  if (ref === undefined) return null
  const from = endOf(ref)
  const kind = from === null ? undefined : given(desk.spec, desk.palette, from)
  return (
    <Box id={id} sort="out" selected={selected} head={<strong>{name}</strong>} beside={<span className="ed-use">{e.palette.output.toLowerCase()}</span>}>
      <div className="ed-row">
        <PortEnd
          end={{ node: id, port: VALUE }}
          gives={false}
          kind={kind}
          label={kind === undefined ? e.node.none : words(kind).type}
          reached={selected}
          name={e.node.takes(e.node.value, name, e.node.value, cameFrom(ref))}
        />
      </div>
    </Box>
  )
}

function cameFrom(raw: unknown): string {
  const ends = (Array.isArray(raw) ? raw : [raw]).flatMap((one) => endOf(one) ?? [])
  return ends.map(spoken).join(', ')
}

/** What is known only when it runs, in a few letters. */
function openly(raw: unknown): string {
  if (typeof raw === 'string') return raw
  return Array.isArray(raw) ? raw.map(openly).join(', ') : `{${Object.entries(raw as object).map(([key, value]) => `${key}: ${String(value)}`).join()}}`
}

/** The number of the stage of a step among those with more than one step; null where there is none. */
export function stageOf(stages: string[][] | undefined, name: string): number | null {
  const at = (stages ?? []).findIndex((one) => one.includes(name))
  return at < 0 ? null : at + 1
}
