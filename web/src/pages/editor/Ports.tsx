// Ports of a node: a mark to draw wires from and to, and a button for those who do not draw.
import { Handle, Position } from '@xyflow/react'
import { e } from '../../texts/editor'
import { type Port, said } from '../pipelines/ports'
import { useDesk, useSeen } from './desk'
import { Mark } from './Mark'
import { type End, nameOf, same } from './spec'
import { refusal } from './wiring'

interface Props {
  end: End
  gives: boolean
  /** What it takes or gives; undefined = not known. */
  kind: Port | undefined
  label: string
  /** Whether it is reached by Tab now. */
  reached: boolean
  /** Where a wire to it comes from. */
  from?: string
  name?: string
}

export function PortEnd({ end, gives, kind, label, reached, from = '', name }: Props) {
  const desk = useDesk()
  const wiring = useSeen((state) => state.wiring)
  const why = wiring === null ? '' : refused(desk, wiring, end, gives)
  const fits = wiring !== null && why === ''
  const spoken = kind === undefined ? '?' : said(kind)
  const title = name ?? (gives ? e.node.gives(label, nameOf(end.node), spoken) : e.node.takes(label, nameOf(end.node), spoken, from))
  const pick = () => desk.pick(end, gives)
  return (
    <span className={`ed-port ${gives ? 'ed-gives' : 'ed-takes'}`} data-state={wiring === null ? undefined : fits ? 'fits' : 'refuses'}>
      <Handle
        id={end.port}
        type={gives ? 'source' : 'target'}
        position={gives ? Position.Right : Position.Left}
        onClick={pick}
        title={why === '' ? title : why}
        className="ed-handle"
      >
        <Mark port={kind} />
      </Handle>
      <button
        type="button"
        className="ed-port-name nodrag nopan nokey"
        tabIndex={wiring === null ? (reached ? 0 : -1) : fits || same(wiring.end, end) ? 0 : -1}
        aria-label={why === '' ? title : `${title}. ${why}`}
        title={why === '' ? title : why}
        onClick={pick}
      >
        {label}
      </button>
    </span>
  )
}

/** Why the wire that is being made cannot end here; of the side it began on, none can. */
function refused(desk: ReturnType<typeof useDesk>, wiring: { end: End; gives: boolean }, end: End, gives: boolean): string {
  if (same(wiring.end, end) && wiring.gives === gives) return ''
  if (wiring.gives === gives) return e.wire.both
  const [from, to] = gives ? [end, wiring.end] : [wiring.end, end]
  return refusal(desk.spec, desk.palette, from, to)
}
