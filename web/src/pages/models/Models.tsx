// The models of this server.
import { useQuery } from '@tanstack/react-query'
import { send } from '../../api/client'
import { base } from '../../api/connection'
import { t } from '../../texts/en'
import { bytes } from '../../ui/format'
import { Empty, Fault, Loading, Page } from '../../ui/parts'
import { resident } from '../operate/api'

interface Tensor {
  name: string
  datatype: string
  shape: number[]
}
interface Metadata {
  platform: string
  inputs: Tensor[]
  outputs: Tensor[]
}
interface Line {
  name: string
  version: string
}

/** In the words of the Open Inference Protocol, the one list of models there is. */
async function models(): Promise<Line[]> {
  const answer = await send(new Request(`${base}v2/repository/index`, { method: 'POST', body: '{}' }))
  return (await answer.json()) as Line[]
}

async function metadata(line: Line): Promise<Metadata> {
  const path = `${base}v2/models/${encodeURIComponent(line.name)}/versions/${line.version}`
  return (await (await send(new Request(path))).json()) as Metadata
}

export function Models() {
  const found = useQuery({ queryKey: ['models'], queryFn: models, staleTime: 60_000 })
  const loaded = useQuery({ queryKey: ['resident'], queryFn: resident, refetchInterval: 5000 })
  const bytesOf = new Map((loaded.data?.models ?? []).map((one) => [one.model, one.bytes]))
  return (
    <Page title={t.models.title} lead={t.models.lead}>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <Empty>{t.models.none}</Empty>}
      <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {found.data?.map((line) => (
          <Model key={`${line.name}@${line.version}`} line={line} held={bytesOf.get(`${line.name}@${line.version}`)} />
        ))}
      </ul>
    </Page>
  )
}

function Model({ line, held }: { line: Line; held: number | undefined }) {
  const known = useQuery({ queryKey: ['model', line.name, line.version], queryFn: () => metadata(line), staleTime: Infinity, retry: false })
  const [owner, name] = line.name.split('/')
  return (
    <li className="grid content-start gap-2 rounded-lg border border-line bg-sheet p-4 min-w-0">
      <h2 className="break-words">
        <span className="text-soft">{owner}/</span>
        {name}
        <span className="text-soft">{`@${line.version}`}</span>
      </h2>
      <p className={held === undefined ? 'text-soft' : 'text-good'}>{held === undefined ? t.models.idle : `${t.models.loaded}: ${bytes(held)}`}</p>
      {known.data !== undefined && (
        <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
          <dt className="text-soft">{t.models.platform}</dt>
          <dd>{known.data.platform}</dd>
          <dt className="text-soft">{t.models.takes}</dt>
          <dd>{known.data.inputs.map(shape).join(', ')}</dd>
          <dt className="text-soft">{t.models.gives}</dt>
          <dd>{known.data.outputs.map(shape).join(', ')}</dd>
        </dl>
      )}
    </li>
  )
}

const shape = (tensor: Tensor): string => `${tensor.name} ${tensor.shape.map((one) => (one < 0 ? 'n' : one)).join('×')}`
