// Above the graph: what is edited, whether it is right, undo, and what can be done with it.
import { Link } from '@tanstack/react-router'
import { e } from '../../texts/editor'
import { t } from '../../texts/en'
import { moment } from '../../ui/format'
import { Button, Notice } from '../../ui/parts'
import { useDesk, useSeen } from './desk'

export function Bar({ owner, editable, stages, onStages, onTidy, onFit, onPublish, onFaults }: {
  owner: string
  editable: boolean
  stages: boolean
  onStages: () => void
  onTidy: () => void
  onFit: () => void
  onPublish: () => void
  onFaults: () => void
}) {
  const desk = useDesk()
  const { past, future } = useSeen((state) => state.history)
  const name = useSeen((state) => state.history.now.spec.name)
  const restored = useSeen((state) => state.restored)
  const trouble = useSeen((state) => state.trouble)
  const unkept = useSeen((state) => state.unkept)
  const last = past.at(-1)
  const next = future[0]
  return (
    <header className="ed-bar">
      <div className="ed-heading">
        <Link to="/pipelines" className="text-accent underline">
          {t.pipelines.title}
        </Link>
        <span aria-hidden>/</span>
        <h1>{name || e.unnamed}</h1>
        <State onFaults={onFaults} />
      </div>
      <div className="ed-tools" role="toolbar" aria-label={e.tools}>
        {editable && (
          <>
            <Button kind="quiet" disabled={last === undefined} title={last && `${e.undo(last.said)} (Ctrl + Z)`} aria-label={last ? e.undo(last.said) : e.nothingToUndo} onClick={() => desk.undo()}>
              ↶
            </Button>
            <Button kind="quiet" disabled={next === undefined} title={next && `${e.redo(next.said)} (Ctrl + Shift + Z)`} aria-label={next ? e.redo(next.said) : e.nothingToRedo} onClick={() => desk.redo()}>
              ↷
            </Button>
            <Button kind="quiet" title={e.tidyHint} onClick={onTidy}>
              {e.tidy}
            </Button>
          </>
        )}
        <Button kind="quiet" title={e.fitHint} onClick={onFit}>
          {e.fit}
        </Button>
        <Button kind="quiet" aria-pressed={stages} title={e.stagesHint} onClick={onStages}>
          {e.stages}
        </Button>
        {owner !== '' && (
          <Link to="/pipelines/$owner/$name/compare" params={{ owner, name }} className="ed-link">
            {e.versions.open}
          </Link>
        )}
        {editable && (
          <Button kind="first" onClick={onPublish}>
            {e.publish.open}
          </Button>
        )}
      </div>
      {restored !== null && (
        <Notice kind="plain">
          {e.restored(moment(restored / 1000))}{' '}
          <Button kind="quiet" onClick={() => desk.discard()}>
            {e.discard}
          </Button>
        </Notice>
      )}
      {trouble instanceof Error && <Notice kind="warn">{`${e.uncheckable} ${trouble.message}`}</Notice>}
      {unkept && <Notice kind="warn">{e.unkept}</Notice>}
    </header>
  )
}

/** Whether it is right. */
function State({ onFaults }: { onFaults: () => void }) {
  const checking = useSeen((state) => state.checking)
  const trouble = useSeen((state) => state.trouble)
  const count = useSeen((state) => state.checked?.faults.length ?? -1)
  const words = trouble !== null ? e.uncheckable : count < 0 ? e.checking : count === 0 ? e.good : e.faults(count)
  return (
    <button type="button" className="ed-state" data-state={count > 0 || trouble !== null ? 'bad' : 'good'} data-busy={checking} onClick={onFaults}>
      {words}
    </button>
  )
}
