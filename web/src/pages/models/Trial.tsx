// What a model does to a picture: the sample, or one of this machine.
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { send } from '../../api/client'
import { here } from '../../api/connection'
import { type Model, tried } from '../../api/models'
import { t } from '../../texts/models'
import { useDoing } from '../../ui/doing'
import { Button, Card, Fault } from '../../ui/parts'
import type { Port } from '../pipelines/ports'
import { type Given, Outcome, RunForm } from '../pipelines/RunForm'
import { tryable } from './OneModel'

const Compare = lazy(() => import('../enhance/Compare').then((module) => ({ default: module.Compare })))

interface Pair {
  before: string
  after: string
  width: number
  height: number
}

export function Trial({ model }: { model: Model }) {
  const input = useRef<HTMLInputElement>(null)
  const { busy, fault, run } = useDoing()
  const [pair, setPair] = useState<Pair | null>(null)
  useEffect(() => () => pair?.before !== undefined ? [pair.before, pair.after].forEach(URL.revokeObjectURL) : undefined, [pair])
  const see = (picture: () => Promise<Blob>) => void run(async () => setPair(await compared(model, await picture())))
  const example = model.examples[0]?.input
  return (
    <Card title={t.tryIt}>
      {!tryable(model) ? (
        <p className="text-soft">{model.draws ? t.draws : t.untryable}</p>
      ) : (
        <div className="flex flex-wrap items-center gap-2">
          {example !== undefined && (
            <Button disabled={busy} onClick={() => see(() => fetched(example))}>
              {t.sample}
            </Button>
          )}
          <Button disabled={busy} onClick={() => input.current?.click()}>
            {t.choose}
          </Button>
          <input
            ref={input}
            type="file"
            hidden
            data-testid="picture"
            accept="image/*"
            onChange={(event) => {
              const file = event.target.files?.[0]
              event.target.value = ''
              if (file !== undefined) see(() => Promise.resolve(file))
            }}
          />
          {busy && (
            <span role="status" className="text-soft">
              {`${t.working}…`}
            </span>
          )}
        </div>
      )}
      {fault !== null && <Fault error={fault} />}
      {pair !== null && (
        <Suspense>
          <div className="grid h-[32rem] max-h-[80vh] overflow-hidden rounded-md border border-line">
            <Compare key={pair.after} {...pair} large={null} />
          </div>
        </Suspense>
      )}
    </Card>
  )
}

/** What a model takes that is run by itself. */
export const ALONE: Record<string, Port> = { image: 'picture' }

/** A model of another account, which may ask for something: as a run, whose price is said before. */
export function Charged({ model }: { model: Model }) {
  const [given, setGiven] = useState<Given>({})
  const [id, setId] = useState<string | null>(null)
  return (
    <>
      <Card title={t.tryIt}>
        {tryable(model) ? (
          <RunForm target={model.name} inputs={ALONE} given={given} onGiven={setGiven} charged onRun={setId} />
        ) : (
          <p className="text-soft">{model.draws ? t.draws : t.untryable}</p>
        )}
      </Card>
      {id !== null && <Outcome id={id} />}
    </>
  )
}

const fetched = async (address: string): Promise<Blob> => (await send(new Request(here(address)))).blob()

async function compared(model: Model, picture: Blob): Promise<Pair> {
  const after = URL.createObjectURL(await tried(model.id, picture))
  const result = new Image()
  result.src = after
  await result.decode()
  return { before: URL.createObjectURL(picture), after, width: result.naturalWidth, height: result.naturalHeight }
}
