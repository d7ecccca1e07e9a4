// Try it: the form of the inputs, how the run goes, and what came of it.
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { isOver } from '../../api/runs'
import { e } from '../../texts/editor'
import { t } from '../../texts/en'
import { useDoing } from '../../ui/doing'
import { Button, Fault } from '../../ui/parts'
import { Input } from '../pipelines/Input'
import { Results } from '../pipelines/Results'
import { hopeless, useDesk, useSeen } from './desk'
import { useRunner, useRunning } from './running'

export function RunPanel() {
  const desk = useDesk()
  const runner = useRunner()
  const inputs = useSeen((state) => state.history.now.spec.inputs)
  const faulty = useSeen(hopeless)
  const asking = useDoing()
  const { run, busy, fault, log } = useRunning((state) => state)
  const [given, setGiven] = useState<Record<string, unknown>>({})
  const over = run === null || isOver(run)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void asking.run(async () => {
      if (await desk.usable()) await runner.begin(desk.spec, desk.state.checked?.graph?.stages ?? [], given)
    })
  }
  return (
    <div className="ed-form">
      <form onSubmit={submit} className="ed-form" aria-label={e.runs.inputs}>
        {Object.entries(inputs ?? {}).map(([name, port]) => (
          <Input
            key={`${name} ${JSON.stringify(port)}`}
            name={name}
            port={port}
            value={given[name]}
            onChange={(value) => setGiven((old) => ({ ...old, [name]: value }))}
          />
        ))}
        {Object.keys(inputs ?? {}).length === 0 && <p className="ed-hint">{e.runs.none}</p>}
        <div className="ed-actions">
          <Button kind="first" type="submit" disabled={faulty || asking.busy || !over}>
            {asking.busy || busy ? `${e.runs.going}…` : e.runs.go}
          </Button>
          {!over && <Button onClick={() => void runner.stop()}>{e.runs.stop}</Button>}
          {faulty && <span className="ed-hint">{e.runs.fault}</span>}
        </div>
      </form>
      {(asking.fault ?? fault) !== null && <Fault error={asking.fault ?? fault} />}
      {run !== null && (
        <section aria-label={e.runs.outputs} className="ed-form">
          <p role="status" className={run.status === 'failed' ? 'ed-wrong' : 'ed-hint'}>
            {run.status === 'failed' ? run.error?.message : t.runs.states[run.status]}
          </p>
          {run.output !== null && <Results run={run} />}
          {log.length > 0 && (
            <details>
              <summary>{e.runs.log}</summary>
              <pre className="ed-log">{log.join('\n')}</pre>
            </details>
          )}
          <Link to="/runs/$id" params={{ id: run.id }} className="text-accent underline">
            {e.runs.more}
          </Link>
        </section>
      )}
    </div>
  )
}
