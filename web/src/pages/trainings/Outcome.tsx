// What a training made: scores, what was tried, files, a model.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { account } from '../../api/accounts'
import { contentOf } from '../../api/client'
import type { Training } from '../../api/trainings'
import { t } from '../../texts/trainings'
import { bytes, number } from '../../ui/format'
import { buttonClass, Card } from '../../ui/parts'
import { Cell, Table } from '../../ui/Table'

export function Outcome({ known }: { known: Training }) {
  const mine = useQuery({ queryKey: ['account'], queryFn: account, staleTime: 60_000 })
  const owner = mine.data?.handle
  const scores = Object.entries(known.scores ?? {})
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title={t.scores}>
        {scores.length === 0 && <p className="text-soft">{t.noScores}</p>}
        <dl className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-1">
          {scores.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-soft break-words">{name}</dt>
              <dd className="text-right">{number(value)}</dd>
            </div>
          ))}
        </dl>
        {known.model !== null && owner != null && (
          <div>
            <Link to="/models/$owner/$name" params={{ owner, name: known.model }} className={buttonClass('first')}>
              {t.model}
            </Link>
          </div>
        )}
      </Card>
      <Card title={t.files}>
        <ul className="grid gap-2">
          {(known.files ?? []).map((one) => (
            <li key={one.file} className="flex flex-wrap items-center justify-between gap-x-3">
              <span className="min-w-0 break-words">
                {one.name} <span className="text-soft">{bytes(one.bytes)}</span>
              </span>
              <a href={contentOf(one.file)} download={one.name} aria-label={`${t.download}: ${one.name}`} className={buttonClass('quiet')}>
                {t.download}
              </a>
            </li>
          ))}
        </ul>
      </Card>
      {known.trials !== null && <Tried trials={known.trials} />}
    </div>
  )
}

/** By the first score of each, which is the one that counts. */
function Tried({ trials: { trials, best } }: { trials: NonNullable<Training['trials']> }) {
  return (
    <Card title={t.trials}>
      <Table
        label={t.trials}
        heads={[
          [t.form.option, 'left'],
          [t.score, 'right'],
        ]}
      >
        {Object.entries(trials).map(([name, scores]) => {
          const [first] = Object.values(scores)
          return (
            <tr key={name}>
              <Cell>
                {name} {name === best && <span className="text-good">{t.best}</span>}
              </Cell>
              <Cell right>{first === undefined ? '' : number(first)}</Cell>
            </tr>
          )
        })}
      </Table>
    </Card>
  )
}
