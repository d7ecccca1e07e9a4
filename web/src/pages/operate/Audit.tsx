// Who did what in this account, the newest first.
import { api, data } from '../../api/client'
import { usePages } from '../../api/pages'
import type { components } from '../../api/schema'
import { t } from '../../texts/operate'
import { moment } from '../../ui/format'
import { More } from '../../ui/More'
import { Card, Empty, Loading } from '../../ui/parts'
import { Cell, Table } from '../../ui/Table'
import { Frame, Refused } from './Frame'

type Entry = components['schemas']['Entry']

export function Audit() {
  const { found, all } = usePages(['audit'], (before) => data(api.GET('/v1/audit', { params: { query: { before } } })))
  return (
    <Frame lead={t.audit.lead}>
      {found.isPending && <Loading />}
      {found.isError && <Refused error={found.error} scope="account" retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && <Empty>{t.audit.none}</Empty>}
      {all.length > 0 && (
        <Card>
          <Table
            label={t.parts.audit}
            heads={[
              [t.audit.at, 'left'],
              [t.audit.what, 'left'],
              [t.audit.to, 'left'],
              [t.audit.who, 'left'],
              [t.audit.from, 'left'],
            ]}
          >
            {all.map((entry) => (
              <tr key={entry.id}>
                <Cell className="whitespace-nowrap text-soft">{moment(entry.at)}</Cell>
                <Cell>
                  {entry.action}
                  {told(entry) !== '' && <span className="block max-w-80 text-xs text-soft break-words">{told(entry)}</span>}
                </Cell>
                <Cell className="font-mono text-xs break-all">{entry.subject}</Cell>
                <Cell className="font-mono text-xs break-all">{entry.user ?? entry.key ?? t.audit.console}</Cell>
                <Cell className="text-soft">{entry.address || t.audit.console}</Cell>
              </tr>
            ))}
          </Table>
          <More found={found} />
        </Card>
      )}
    </Frame>
  )
}

const told = (entry: Entry): string =>
  Object.entries(entry.details)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
