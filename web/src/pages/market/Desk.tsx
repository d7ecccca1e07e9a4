// The wallet, and what was bought.
import { orders } from '../../api/market'
import { usePages } from '../../api/pages'
import { t } from '../../texts/market'
import { moment, number } from '../../ui/format'
import { More } from '../../ui/More'
import { Card, Fault } from '../../ui/parts'
import { Cell, Table } from '../../ui/Table'
import { Frame } from './Frame'
import { Named, Rights } from './Rights'
import { Statements, TopUps, Wallet } from './Wallet'

export function Desk() {
  return (
    <Frame>
      <div className="grid gap-4 lg:grid-cols-2">
        <div className="grid content-start gap-4 min-w-0">
          <Wallet />
          <TopUps />
          <Statements />
        </div>
        <div className="grid content-start gap-4 min-w-0">
          <Rights />
          <Orders />
        </div>
      </div>
    </Frame>
  )
}

function Orders() {
  const { found, all } = usePages(['market', 'orders'], orders)
  return (
    <Card title={t.desk.orders}>
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && all.length === 0 && <p className="text-soft">{t.desk.noOrders}</p>}
      {all.length > 0 && (
        <Table
          label={t.desk.orders}
          heads={[
            [t.desk.at, 'left'],
            [t.desk.listing, 'left'],
            [t.desk.paid, 'right'],
          ]}
        >
          {all.map((one) => (
            <tr key={one.id}>
              <Cell className="whitespace-nowrap text-soft">{moment(one.at)}</Cell>
              <Cell>
                <Named id={one.listing} title={one.title} />
                <span className="block text-soft text-xs">{t.sell.kinds[one.kind] ?? one.kind}</span>
              </Cell>
              <Cell right>
                {number(one.price - one.discount)}
                {one.coupon !== null && <span className="block text-soft text-xs">{t.desk.off(number(one.discount), one.coupon)}</span>}
                {one.refunded > 0 && <span className="block text-good text-xs">{t.sell.refunded(number(one.refunded))}</span>}
              </Cell>
            </tr>
          ))}
        </Table>
      )}
      <More found={found} />
    </Card>
  )
}
