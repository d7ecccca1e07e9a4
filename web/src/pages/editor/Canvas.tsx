// The graph: what is drawn, moved, joined and selected by mouse; keys are the page's.
import {
  applyNodeChanges, Background, type Connection, type Edge, type FinalConnectionState, MiniMap, type Node, type NodeChange, ReactFlow,
  useConnection, useReactFlow, ViewportPortal,
} from '@xyflow/react'
import { type DragEvent, useCallback, useEffect, useRef, useState } from 'react'
import { e } from '../../texts/editor'
import { said, words } from '../pipelines/ports'
import { type Desk, spoken, useDesk, useSeen } from './desk'
import type { Doc } from './edits'
import { kinds } from './Nodes'
import { EACH, type End, given, type Id, ids, nameOf, type Palette, same, sortOf, WHEN, type Wire, wires } from './spec'
import { useBeginning } from './view'
import { disconnect, refusal } from './wiring'

export const DRAGGED = 'application/x-printroom-step'

interface Props {
  /** Whether it may be changed; else it is only looked at. */
  editable: boolean
  /** Whether frames show which steps run as one. */
  stages: boolean
  onDrop: (what: string, at: { x: number; y: number }) => void
}

export function Canvas({ editable, stages, onDrop }: Props) {
  const desk = useDesk()
  const doc = useSeen((state) => state.history.now)
  const chosen = useSeen((state) => state.chosen)
  const whole = useSeen((state) => state.whole)
  const wiring = useSeen((state) => state.wiring)
  const [nodes, setNodes] = useState<Node[]>(() => nodesOf(desk, doc, []))
  const [edges, setEdges] = useState<Edge[]>([])
  const pane = useRef<HTMLDivElement>(null)
  const { screenToFlowPosition } = useReactFlow()
  const begin = useBeginning(pane)
  useEffect(() => setNodes((old) => nodesOf(desk, doc, old)), [desk, doc, chosen])
  useEffect(() => setEdges((old) => edgesOf(desk, doc, old)), [desk, doc])

  const change = useCallback(
    (changes: NodeChange[]) => {
      setNodes((old) => applyNodeChanges(changes, old))
      const moved = changes.flatMap((one) => (one.type === 'position' && one.dragging === false && one.position ? [[one.id, one.position] as const] : []))
      if (moved.length > 0) moveTo(desk, moved)
      const picks = changes.filter((one) => one.type === 'select')
      if (picks.length > 0) {
        const selected = new Set(desk.state.selected)
        for (const one of picks) if (one.selected) selected.add(one.id)
        else selected.delete(one.id)
        desk.select([...selected])
      }
    },
    [desk],
  )
  const fits = useCallback((wire: Connection | Edge) => refusal(desk.spec, desk.palette, ...ends(wire)) === '', [desk])
  const ended = useCallback(
    (_: unknown, state: FinalConnectionState) => {
      const { fromHandle, toHandle, isValid } = state
      if (fromHandle && toHandle && !isValid) {
        const one = { node: fromHandle.nodeId, port: fromHandle.id ?? '' }
        const other = { node: toHandle.nodeId, port: toHandle.id ?? '' }
        if (fromHandle.type === toHandle.type) desk.tell(same(one, other) ? '' : e.wire.both)
        else desk.tell(refusal(desk.spec, desk.palette, ...(fromHandle.type === 'source' ? [one, other] as const : [other, one] as const)))
      }
      desk.unpick(desk.state.told)
    },
    [desk],
  )
  const drop = (event: DragEvent) => {
    event.preventDefault()
    const what = event.dataTransfer.getData(DRAGGED)
    if (what !== '') onDrop(what, screenToFlowPosition({ x: event.clientX, y: event.clientY }))
  }
  return (
    <ReactFlow
      ref={pane}
      nodes={nodes}
      edges={edges}
      nodeTypes={kinds}
      onNodesChange={change}
      onEdgesChange={(changes) => {
        const picks = new Map(changes.flatMap((one) => (one.type === 'select' ? [[one.id, one.selected] as const] : [])))
        if (picks.size > 0) setEdges((old) => old.map((one) => (picks.has(one.id) ? { ...one, selected: picks.get(one.id) } : one)))
      }}
      onConnect={(wire) => desk.join(...ends(wire))}
      onConnectStart={(_, { nodeId, handleId, handleType }) =>
        nodeId !== null && desk.reach({ node: nodeId, port: handleId ?? '' }, handleType === 'source')
      }
      onConnectEnd={ended}
      isValidConnection={fits}
      connectOnClick={false}
      nodesDraggable={editable && whole}
      nodesConnectable={editable && whole}
      nodesFocusable
      edgesFocusable={editable}
      elevateNodesOnSelect={false}
      deleteKeyCode={null}
      multiSelectionKeyCode={['Control', 'Meta', 'Shift']}
      minZoom={0.1}
      maxZoom={2}
      onInit={begin}
      onDragOver={(event) => event.preventDefault()}
      onDrop={drop}
      onPaneClick={() => desk.unpick(e.wire.stopped)}
      aria-label={e.canvas}
      className={wiring === null ? 'ed-flow' : 'ed-flow ed-wiring'}
    >
      <Background gap={20} size={1} color="var(--color-line)" />
      <MiniMap pannable zoomable ariaLabel={e.canvas} nodeColor={colour} nodeStrokeWidth={0} className="ed-minimap" style={{ width: 160, height: 110 }} />
      {stages && <Stages nodes={nodes} />}
      <Refusal />
    </ReactFlow>
  )
}

const colour = (node: Node): string => (node.type === 'step' ? 'var(--color-edge)' : 'var(--color-accent)')

/** Why the wire in hand may not end where it is held. */
function Refusal() {
  const desk = useDesk()
  const why = useConnection((state) => {
    const { fromHandle, toHandle } = state
    if (!state.inProgress || !fromHandle || !toHandle || state.isValid) return ''
    const one = { node: fromHandle.nodeId, port: fromHandle.id ?? '' }
    const other = { node: toHandle.nodeId, port: toHandle.id ?? '' }
    if (fromHandle.type === toHandle.type) return ''
    return fromHandle.type === 'source' ? refusal(desk.spec, desk.palette, one, other) : refusal(desk.spec, desk.palette, other, one)
  })
  return why === '' ? null : <p className="ed-refusal">{why}</p>
}

/** A frame around the steps that run as one, strip by strip. */
function Stages({ nodes }: { nodes: Node[] }) {
  const found = useSeen((state) => state.checked?.graph?.stages)
  return (
    <ViewportPortal>
      {(found ?? []).map((names, at) => {
        const those = nodes.filter((node) => node.type === 'step' && names.includes(nameOf(node.id)) && node.measured?.width !== undefined)
        if (those.length === 0) return null
        const left = Math.min(...those.map((node) => node.position.x)) - 12
        const top = Math.min(...those.map((node) => node.position.y)) - 30
        const right = Math.max(...those.map((node) => node.position.x + (node.measured?.width ?? 0))) + 12
        const bottom = Math.max(...those.map((node) => node.position.y + (node.measured?.height ?? 0))) + 12
        return (
          <div key={names.join()} className="ed-stage" style={{ transform: `translate(${left}px, ${top}px)`, width: right - left, height: bottom - top }}>
            {e.stageOf(at + 1, names.length)}
          </div>
        )
      })}
    </ViewportPortal>
  )
}

function ends(wire: Connection | Edge): [End, End] {
  return [
    { node: wire.source, port: wire.sourceHandle ?? '' },
    { node: wire.target, port: wire.targetHandle ?? '' },
  ]
}

function moveTo(desk: Desk, moved: (readonly [Id, { x: number; y: number }])[]): void {
  const { places } = desk.doc
  const far = moved.filter(([id, { x, y }]) => places[id]?.x !== x || places[id]?.y !== y)
  if (far.length === 0) return
  const those = far.map(([id]) => id).sort().join()
  desk.edit(e.done.move(far.length), (doc) => ({ ...doc, places: { ...doc.places, ...Object.fromEntries(far) } }), `move:${those}`)
}

/** Nodes as they are drawn; what was measured of those that were there is kept. */
function nodesOf(desk: Desk, doc: Doc, old: Node[]): Node[] {
  const before = new Map(old.map((node) => [node.id, node]))
  const selected = new Set(desk.state.selected)
  return ids(doc.spec).map((id) => {
    const known = before.get(id)
    const position = doc.places[id] ?? { x: 0, y: 0 }
    const ariaLabel = labelOf(doc, desk.palette, id)
    const marked = selected.has(id)
    if (known !== undefined && known.position.x === position.x && known.position.y === position.y && known.selected === marked && known.ariaLabel === ariaLabel) return known
    return { ...(known ?? { id, type: sortOf(id), data: {} }), position, selected: marked, ariaLabel }
  })
}

function labelOf({ spec }: Doc, palette: Palette, id: Id): string {
  const name = nameOf(id)
  const step = spec.steps[name]
  if (sortOf(id) === 'step' && step !== undefined) return e.node.step(name, palette.get(step.use)?.title ?? step.use)
  return sortOf(id) === 'in' ? e.node.input(name, said(spec.inputs?.[name] ?? 'text')) : e.node.output(name)
}

function edgesOf(desk: Desk, doc: Doc, old: Edge[]): Edge[] {
  const before = new Map(old.map((edge) => [edge.id, edge]))
  return wires(doc.spec)
    .filter((wire) => there(desk, doc, wire))
    .map((wire) => {
      const edge = edgeOf(desk, doc, wire)
      const known = before.get(wire.id)
      return known === undefined ? edge : known.className === edge.className ? known : { ...known, className: edge.className }
    })
}

/** Whether both ends are drawn: an unknown step has the ports that its wires lead to. */
function there({ palette }: Desk, { spec }: Doc, { from, to }: Wire): boolean {
  const has = (node: Id, room: 'inputs' | 'outputs', port: string): boolean => {
    const step = spec.steps[nameOf(node)]
    const known = step && palette.get(step.use)
    return step !== undefined && (known === undefined || known[room][port] !== undefined)
  }
  const gives = sortOf(from.node) === 'in' ? Object.hasOwn(spec.inputs ?? {}, nameOf(from.node)) : has(from.node, 'outputs', from.port)
  return gives && (sortOf(to.node) === 'out' || to.port === WHEN || to.port === EACH || has(to.node, 'inputs', to.port))
}

function edgeOf({ palette }: Desk, { spec }: Doc, wire: Wire): Edge {
  const kind = given(spec, palette, wire.from)
  const { type, item } = words(kind ?? 'none')
  const shown = type === 'list' ? words(item ?? 'text').type : type
  return {
    id: wire.id,
    source: wire.from.node,
    sourceHandle: wire.from.port,
    target: wire.to.node,
    targetHandle: wire.to.port,
    ariaLabel: e.node.wire(spoken(wire.from), spoken(wire.to)),
    className: `ed-wire ed-kind-${shown} ${wire.to.port === WHEN || wire.to.port === EACH ? 'ed-wire-when' : ''}`,
    data: { wire },
  }
}

/** Take away wires by the ids of what is drawn. */
export function cut(desk: Desk, those: Edge[]): void {
  const found = those.flatMap((edge) => (edge.data?.wire as Wire | undefined) ?? [])
  const [first] = found
  if (first === undefined) return
  desk.respec(e.done.disconnect(spoken(first.from), spoken(first.to)), (spec) => found.reduce(disconnect, spec))
}
