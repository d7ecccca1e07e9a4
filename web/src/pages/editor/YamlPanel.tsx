// The pipeline as a text, which may be written: lines with faults are marked, and said below.
import { useRef, useState } from 'react'
import { e } from '../../texts/editor'
import { Copy } from '../../ui/Copy'
import { Button, Notice } from '../../ui/parts'
import type { Fault } from './api'
import { useDesk, useSeen } from './desk'
import { nodeOf, WHOLE } from './faults'

export function YamlPanel({ editable, onShow }: { editable: boolean; onShow: (fault: Fault) => void }) {
  const desk = useDesk()
  const typed = useSeen((state) => state.typed)
  const yaml = useSeen((state) => state.yaml)
  const whole = useSeen((state) => state.whole)
  const faults = useSeen((state) => state.checked?.faults)
  const area = useRef<HTMLTextAreaElement>(null)
  const [top, setTop] = useState(0)
  const text = typed ?? yaml
  const marked = new Map((faults ?? []).map((fault) => [fault.line, fault]))
  const go = (fault: Fault) => {
    if (fault.line !== null) toLine(area.current, fault.line)
    if (nodeOf(fault) !== WHOLE) onShow(fault)
  }
  return (
    <div className="ed-yaml">
      <p className="ed-hint">{`${e.yaml.hint} ${e.yaml.comments}`}</p>
      {!whole && (
        <Notice kind="warn">
          {e.yaml.broken}{' '}
          <Button kind="quiet" onClick={() => desk.untype()}>
            {e.yaml.back}
          </Button>
        </Notice>
      )}
      <div className="ed-text">
        <div className="ed-gutter" aria-hidden>
          <div style={{ transform: `translateY(${-top}px)` }}>
            {text.split('\n').map((_, at) => (
              <div key={at} className={marked.has(at + 1) ? 'ed-marked' : ''} title={marked.get(at + 1)?.reason}>
                {at + 1}
              </div>
            ))}
          </div>
        </div>
        <textarea
          ref={area}
          aria-label={e.yaml.label}
          spellCheck={false}
          wrap="off"
          readOnly={!editable}
          value={text}
          onChange={(event) => desk.type(event.target.value)}
          onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        />
      </div>
      <div className="ed-actions">
        <Copy text={text} />
      </div>
      <FaultList faults={faults ?? []} onGo={go} />
    </div>
  )
}

export function FaultList({ faults, onGo }: { faults: Fault[]; onGo: (fault: Fault) => void }) {
  if (faults.length === 0) return null
  return (
    <ul className="ed-fault-list" aria-label={e.faults(faults.length)}>
      {faults.map((fault) => (
        <li key={fault.place + fault.reason}>
          <button type="button" onClick={() => onGo(fault)}>
            <span className="ed-label">
              {`${fault.place || e.wholeFault}${fault.line === null ? '' : `, ${e.yaml.line(fault.line).toLowerCase()}`}`}
            </span>
            <span>{`${fault.reason}${fault.remedy === '' ? '' : `: ${fault.remedy}`}`}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

/** Put the cursor at a line, and the line in sight. */
function toLine(area: HTMLTextAreaElement | null, line: number): void {
  if (area === null) return
  const before = area.value.split('\n').slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0)
  area.focus()
  area.setSelectionRange(before, before)
  area.scrollTop = Math.max(0, (line - 4) * LINE)
}

/** Height of a line of the text, as the style sheet has it. */
const LINE = 18
