// Where a pipeline is edited: what can be added, the graph, and beside it what is selected, the text, a run.
import { useNavigate } from '@tanstack/react-router'
import { useReactFlow } from '@xyflow/react'
import { Tabs } from 'radix-ui'
import { useCallback, useEffect, useRef, useState } from 'react'
import { e } from '../../texts/editor'
import { Keys } from '../../ui/Keys'
import { adding, deleteChosen, duplicate, inSight, middle } from './adding'
import { Bar } from './Bar'
import { Canvas } from './Canvas'
import { useDesk, useSeen } from './desk'
import { nodeOf } from './faults'
import type { Place } from './edits'
import { Inspector } from './Inspector'
import { useClipboard, useKeys, useMedia } from './keys'
import { Palette, type What } from './Palette'
import { Publish } from './Publish'
import { RunPanel } from './RunPanel'
import type { Id } from './spec'
import { WHOLE_VIEW } from './view'
import { FaultList, YamlPanel } from './YamlPanel'

type Panel = 'details' | 'yaml' | 'run'
/** Pixels that a window needs for its pipeline to be changed in it. */
const WIDE = '(min-width: 900px)'

export function Room({ owner }: { owner: string }) {
  const desk = useDesk()
  const editable = useMedia(WIDE)
  const search = useRef<HTMLInputElement>(null)
  const [panel, setPanel] = useState<Panel>(editable ? 'details' : 'run')
  const [stages, setStages] = useState(false)
  const [publishing, setPublishing] = useState(false)
  const [keys, setKeys] = useState(false)
  const { fitView, screenToFlowPosition, getEdges } = useReactFlow()
  const canvas = useRef<HTMLDivElement>(null)
  const navigate = useNavigate()
  const add = useCallback(
    (what: What, at?: Place) => {
      adding(desk, what, at ?? middle(canvas.current, screenToFlowPosition))
      if (at !== undefined) return
      const typed = document.activeElement === search.current
      drawn(canvas.current, desk.state.selected[0] ?? '', (node) => {
        if (!inSight(desk, canvas.current, screenToFlowPosition)) void fitView(WHOLE_VIEW)
        if (typed) node.focus({ preventScroll: true })
      })
    },
    [desk, fitView, screenToFlowPosition],
  )
  const show = useCallback(
    (id: Id) => {
      desk.choose([id])
      void fitView({ nodes: [{ id }], maxZoom: 1, duration: calm() ? 0 : 150, padding: 1 })
    },
    [desk, fitView],
  )
  const tidy = () => {
    desk.tidy()
    requestAnimationFrame(() => void fitView(WHOLE_VIEW))
  }
  const fit = () => void fitView(WHOLE_VIEW)
  useKeys(editable, {
    '/': () => search.current?.focus(),
    l: tidy,
    f: fit,
    Delete: () => deleteChosen(desk, getEdges()),
    Backspace: () => deleteChosen(desk, getEdges()),
    Escape: () => desk.unpick(e.wire.stopped),
    '?': () => setKeys(true),
  }, {
    z: () => desk.undo(),
    Z: () => desk.redo(),
    y: () => desk.redo(),
    a: () => desk.choose(Object.keys(desk.doc.places)),
    d: () => duplicate(desk),
  })
  useClipboard(editable)
  useEffect(() => desk.widen(editable), [desk, editable])
  const tabs: [Panel, string][] = [...(editable ? [['details', e.details] as [Panel, string]] : []), ['yaml', e.text], ['run', e.run]]
  return (
    <div className="ed" data-editable={editable}>
      <Bar
        owner={owner}
        editable={editable}
        stages={stages}
        onStages={() => setStages(!stages)}
        onTidy={tidy}
        onFit={fit}
        onPublish={() => setPublishing(true)}
        onFaults={() => setPanel('yaml')}
      />
      {editable && <Palette search={search} onAdd={add} />}
      <div ref={canvas} className="ed-canvas">
        <Canvas editable={editable} stages={stages} onDrop={add} />
        <Told />
      </div>
      <Tabs.Root value={panel} onValueChange={(value) => setPanel(value as Panel)} className="ed-panel" asChild>
        <aside aria-label={e.panels}>
          <Tabs.List className="ed-tabs" aria-label={e.panels}>
            {tabs.map(([value, label]) => (
              <Tabs.Trigger key={value} value={value} className="ed-tab">
                {label}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          {editable && (
            <Tabs.Content value="details" className="ed-tab-content">
              <Inspector editable={editable} onDuplicate={() => duplicate(desk)} onRemove={() => deleteChosen(desk, [])} />
              <Pending onGo={(fault) => show(nodeOf(fault))} />
            </Tabs.Content>
          )}
          <Tabs.Content value="yaml" className="ed-tab-content">
            <YamlPanel editable={editable} onShow={(fault) => show(nodeOf(fault))} />
          </Tabs.Content>
          <Tabs.Content value="run" forceMount hidden={panel !== 'run'} className="ed-tab-content">
            <div className="ed-form">
              {!editable && <p className="ed-hint">{e.narrow}</p>}
              <RunPanel />
            </div>
          </Tabs.Content>
        </aside>
      </Tabs.Root>
      {keys && <Keys title={e.keys.title} rows={e.keys.rows} onClose={() => setKeys(false)} />}
      {publishing && (
        <Publish
          onClose={() => setPublishing(false)}
          onDone={({ owner: whose, name }) => {
            setPublishing(false)
            void navigate({ to: '/pipelines/$owner/$name/edit', params: { owner: whose, name } })
          }}
        />
      )}
    </div>
  )
}

/** All faults, below what is selected: each leads to its node. */
function Pending({ onGo }: { onGo: (fault: Parameters<typeof nodeOf>[0]) => void }) {
  const faults = useSeen((state) => state.checked?.faults)
  return <FaultList faults={faults ?? []} onGo={onGo} />
}

/** Do `work` with what is drawn of a node, as soon as it is in sight: before, it is measured unseen. */
function drawn(canvas: HTMLElement | null, id: Id, work: (node: HTMLElement) => void, frames = 120): void {
  const node = canvas?.querySelector<HTMLElement>(`.react-flow__node[data-id="${id}"]`)
  if (node != null && node.style.visibility !== 'hidden') work(node)
  else if (frames > 0) requestAnimationFrame(() => drawn(canvas, id, work, frames - 1))
}

const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches

/** The last thing that happened, in sight and said. */
function Told() {
  const told = useSeen((state) => state.told)
  return (
    <p role="status" className="ed-told">
      {told}
    </p>
  )
}
