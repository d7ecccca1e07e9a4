// Two versions of a pipeline beside each other: what is different, in a drawing, in words, in the text.
import '@xyflow/react/dist/base.css'
import './graph.css'
import './versions.css'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type Edge, Handle, type Node, type NodeProps, Position, ReactFlow, ReactFlowProvider } from '@xyflow/react'
import { type FormEvent, useMemo, useRef, useState } from 'react'
import { e } from '../../texts/editor'
import { t } from '../../texts/en'
import { moment } from '../../ui/format'
import { useDoing } from '../../ui/doing'
import { Button, Card, Empty, Fault, FIELD, Field, Loading, Page, Select } from '../../ui/parts'
import { Sheet } from '../../ui/Sheet'
import { Cell, Table } from '../../ui/Table'
import { move, published, type Published, renewed, type Version, versions } from './api'
import { type Change, type Difference, difference, lines } from './diff'
import { arranged } from './layout'
import { ids, nameOf, sortOf, type Spec, wires } from './spec'
import { useBeginning } from './view'

export function Versions() {
  const { owner, name } = useParams({ strict: false }) as { owner: string; name: string }
  const id = `${owner}/${name}`
  const found = useQuery({ queryKey: ['pipeline-versions', id], queryFn: () => versions(owner, name) })
  const [from, setFrom] = useState<number | null>(null)
  const [to, setTo] = useState<number | null>(null)
  const all = found.data ?? []
  const newest = all[0]?.version ?? 0
  const after = to ?? newest
  const before = from ?? all[1]?.version ?? newest
  return (
    <Page
      title={e.versions.title(name)}
      actions={
        <div className="flex gap-4">
          <Link to="/pipelines/$owner/$name/edit" params={{ owner, name }} className="text-accent underline">
            {e.versions.edit}
          </Link>
          <Link to="/pipelines" className="text-accent underline">
            {t.pipelines.back}
          </Link>
        </div>
      }
    >
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <Empty>{e.versions.none}</Empty>}
      {all.length > 0 && (
        <>
          <Listed owner={owner} name={name} all={all} />
          <h2>{e.versions.compare}</h2>
          <div className="ed-pick">
            <Which label={e.versions.from} all={all} value={before} onChange={setFrom} />
            <Which label={e.versions.to} all={all} value={after} onChange={setTo} />
          </div>
          <Both id={id} before={before} after={after} />
        </>
      )}
    </Page>
  )
}

const HEADS: [string, 'left' | 'right'][] = [
  [e.versions.version, 'left'],
  [e.versions.at, 'left'],
  [e.publish.alias, 'left'],
  [e.versions.change, 'right'],
]

/** Every version, with what it is called; an alias is moved to one by hand. */
function Listed({ owner, name, all }: { owner: string; name: string; all: Version[] }) {
  const [moving, setMoving] = useState<number | null>(null)
  return (
    <>
      <Table label={e.versions.title(name)} heads={HEADS}>
        {all.map(({ version, created_at, aliases }) => (
          <tr key={version}>
            <Cell>{version}</Cell>
            <Cell>{moment(created_at)}</Cell>
            <Cell>{aliases.join(', ')}</Cell>
            <Cell right>
              <Button kind="quiet" onClick={() => setMoving(version)}>
                {e.versions.move}
              </Button>
            </Cell>
          </tr>
        ))}
      </Table>
      {moving !== null && <Move owner={owner} name={name} version={moving} onClose={() => setMoving(null)} />}
    </>
  )
}

function Move({ owner, name, version, onClose }: { owner: string; name: string; version: number; onClose: () => void }) {
  const client = useQueryClient()
  const [alias, setAlias] = useState('live')
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => {
      await move(owner, name, alias.trim(), version)
      await renewed(client)
      onClose()
    })
  }
  return (
    <Sheet label={e.versions.moving(version)} onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <h2>{e.versions.moving(version)}</h2>
        <Field label={e.publish.alias} hint={e.versions.moveHint}>
          <input className={FIELD} required pattern="[a-z][a-z0-9\-]*" value={alias} spellCheck={false} onChange={(event) => setAlias(event.target.value)} />
        </Field>
        {fault !== null && <Fault error={fault} />}
        <div className="flex gap-2">
          <Button kind="first" type="submit" disabled={busy}>
            {e.versions.go}
          </Button>
          <Button onClick={onClose}>{t.cancel}</Button>
        </div>
      </form>
    </Sheet>
  )
}

function Which({ label, all, value, onChange }: { label: string; all: Version[]; value: number; onChange: (version: number) => void }) {
  return (
    <Field label={label}>
      <Select value={value} onChange={(event) => onChange(Number(event.target.value))}>
        {all.map(({ version, aliases, created_at, by }) => (
          <option key={version} value={version}>
            {[e.versions.one(version), ...aliases, e.versions.when(moment(created_at), by)].join(', ')}
          </option>
        ))}
      </Select>
    </Field>
  )
}

function Both({ id, before, after }: { id: string; before: number; after: number }) {
  const one = useQuery({ queryKey: ['pipeline-written', `${id}@${before}`], queryFn: () => published(`${id}@${before}`), staleTime: Infinity })
  const other = useQuery({ queryKey: ['pipeline-written', `${id}@${after}`], queryFn: () => published(`${id}@${after}`), staleTime: Infinity })
  if (one.isError || other.isError) return <Fault error={one.error ?? other.error} />
  if (one.data === undefined || other.data === undefined) return <Loading />
  return <Compared one={one.data} other={other.data} />
}

function Compared({ one, other }: { one: Published; other: Published }) {
  const [was, is] = [one.pipeline ?? NONE, other.pipeline ?? NONE]
  const found = useMemo(() => difference(was, is), [was, is])
  const text = useMemo(() => lines(plain(one.yaml), plain(other.yaml)), [one, other])
  const same = found.nodes.size === 0 && found.wires.size === 0 && text.every(({ sign }) => sign === ' ')
  if (same) return <Empty>{e.versions.same}</Empty>
  return (
    <>
      <ReactFlowProvider>
        <Drawing key={`${one.id} ${other.id}`} before={was} after={is} found={found} />
      </ReactFlowProvider>
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title={e.versions.changes}>
          <ul className="ed-changes">
            {[...found.nodes].map(([id, { change, what }]) => (
              <li key={id} data-change={change}>
                <strong>{`${e.versions.sorts[sortOf(id)]} ${nameOf(id)}: ${e.versions[change]}`}</strong>
                {what.map(([part, was, is]) => (
                  <div key={part}>{e.versions.now(part, was, is)}</div>
                ))}
              </li>
            ))}
          </ul>
        </Card>
        <Card title={e.versions.text}>
          <pre tabIndex={0} aria-label={e.versions.text} className="ed-diff">
            {text.map(({ sign, text: line }, at) => (
              <div key={at} data-sign={sign}>{`${sign} ${line}`}</div>
            ))}
          </pre>
        </Card>
      </div>
    </>
  )
}

const NONE: Spec = { name: '', steps: {} }
/** A text without where its nodes lie. */
const plain = (yaml: string | null): string => (yaml ?? '').replace(/^view:[^]*/m, '')

const kinds = { compared: ComparedNode }

/** Both graphs as one: what was only in the first is there too, and marked as gone. */
function Drawing({ before, after, found }: { before: Spec; after: Spec; found: Difference }) {
  const [nodes, edges] = useMemo(() => drawn(before, after, found), [before, after, found])
  const pane = useRef<HTMLDivElement>(null)
  const begin = useBeginning(pane)
  return (
    <div ref={pane} className="ed-compared">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={kinds}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        preventScrolling={false}
        minZoom={0.1}
        onInit={begin}
        aria-label={e.versions.changes}
      />
    </div>
  )
}

function drawn(before: Spec, after: Spec, found: Difference): [Node[], Edge[]] {
  const all = new Set([...ids(after), ...ids(before)])
  const both = new Map([...wires(before), ...wires(after)].map((wire) => [wire.id, wire]))
  const places = arranged(
    new Map([...all].map((id) => [id, { width: 180, height: 64 }])),
    [...both.values()].map((wire) => [wire.from.node, wire.to.node, 1]),
  )
  const nodes = [...all].map((id): Node => ({
    id,
    type: 'compared',
    position: places[id] ?? { x: 0, y: 0 },
    data: { change: found.nodes.get(id)?.change ?? null, use: (after.steps[nameOf(id)] ?? before.steps[nameOf(id)])?.use },
  }))
  const edges = [...both.values()]
    .filter((wire) => all.has(wire.from.node) && all.has(wire.to.node))
    .map((wire): Edge => ({ id: wire.id, source: wire.from.node, target: wire.to.node, className: `ed-change-${found.wires.get(wire.id) ?? 'none'}` }))
  return [nodes, edges]
}

function ComparedNode({ id, data }: NodeProps<Node<{ change: Change | null; use?: string }>>) {
  const { change, use } = data
  const what = sortOf(id) === 'step' ? (use ?? '') : e.versions.sorts[sortOf(id)]
  return (
    <div className="ed-node ed-compared-node" data-change={change ?? 'none'}>
      <Handle type="target" position={Position.Left} className="ed-hidden" />
      <strong>{nameOf(id)}</strong>
      <span className="ed-use">{change === null ? what : `${what}, ${e.versions[change]}`}</span>
      <Handle type="source" position={Position.Right} className="ed-hidden" />
    </div>
  )
}
