// Who works in this account, and what they may do.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, data } from '../../api/client'
import type { components } from '../../api/schema'
import { useSession } from '../../api/session'
import { t as common } from '../../texts/en'
import { t } from '../../texts/operate'
import { Confirm } from '../../ui/Confirm'
import { useDoing } from '../../ui/doing'
import { moment } from '../../ui/format'
import { Button, Card, Empty, Fault, FIELD, Field, Loading, Select } from '../../ui/parts'
import { Cell, Table } from '../../ui/Table'
import { Frame, Refused } from './Frame'

const ROLES = ['owner', 'admin', 'member', 'viewer'] as const
type Role = (typeof ROLES)[number]
type Member = components['schemas']['Member']

const members = async (): Promise<Member[]> => (await data(api.GET('/v1/members'))).data

const given = (user: string, role: Role) => data(api.PATCH('/v1/members/{user}', { params: { path: { user } }, body: { role } }))

export function Members() {
  const client = useQueryClient()
  const { session } = useSession()
  const found = useQuery({ queryKey: ['members'], queryFn: members })
  const [adding, setAdding] = useState(false)
  const [gone, setGone] = useState<Member | null>(null)
  const change = useDoing()
  const fresh = () => client.invalidateQueries({ queryKey: ['members'] })
  const signsIn = session?.user != null
  return (
    <Frame lead={t.members.lead}>
      {adding && (
        <Card title={t.members.add}>
          <NewMember
            onDone={() => {
              setAdding(false)
              void fresh()
            }}
            onCancel={() => setAdding(false)}
          />
        </Card>
      )}
      {!adding && signsIn && (
        <div>
          <Button kind="first" onClick={() => setAdding(true)}>
            {t.members.add}
          </Button>
        </div>
      )}
      {found.isPending && <Loading />}
      {found.isError && <Refused error={found.error} scope="account" retry={() => void found.refetch()} />}
      {change.fault !== null && <Fault error={change.fault} />}
      {found.data?.length === 0 && <Empty>{t.members.none}</Empty>}
      {found.data !== undefined && found.data.length > 0 && (
        <Card>
          <Table
            label={t.parts.members}
            heads={[
              [t.members.email, 'left'],
              [t.members.role, 'left'],
              [t.members.since, 'left'],
              ['', 'right'],
            ]}
          >
            {found.data.map((member) => (
              <tr key={member.user}>
                <Cell className="break-all">{member.email}</Cell>
                <Cell>
                  <RoleChoice
                    label={t.members.roleOf(member.email)}
                    value={member.role}
                    onChange={(role) => void change.run(() => given(member.user, role).finally(fresh))}
                  />
                </Cell>
                <Cell className="text-soft whitespace-nowrap">{moment(member.since)}</Cell>
                <Cell right>
                  <Button kind="danger" aria-label={`${t.members.remove}: ${member.email}`} onClick={() => setGone(member)}>
                    {t.members.remove}
                  </Button>
                </Cell>
              </tr>
            ))}
          </Table>
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-soft">
            {ROLES.map((role) => (
              <div key={role} className="contents">
                <dt>{t.members.roles[role]}</dt>
                <dd>{t.members.can[role]}</dd>
              </div>
            ))}
          </dl>
        </Card>
      )}
      {gone !== null && (
        <Confirm
          title={t.members.removing(gone.email)}
          go={t.members.remove}
          work={() => data(api.DELETE('/v1/members/{user}', { params: { path: { user: gone.user } } })).then(fresh)}
          onClose={() => setGone(null)}
        >
          {t.members.goes}
        </Confirm>
      )}
    </Frame>
  )
}

function RoleChoice({ label, value, onChange }: { label: string; value: Role; onChange: (role: Role) => void }) {
  return (
    <Select aria-label={label} className="min-w-28" value={value} onChange={(event) => onChange(event.target.value as Role)}>
      {ROLES.map((role) => (
        <option key={role} value={role}>
          {t.members.roles[role]}
        </option>
      ))}
    </Select>
  )
}

function NewMember({ onDone, onCancel }: { onDone: () => void; onCancel: () => void }) {
  const [role, setRole] = useState<Role>('member')
  const { busy, fault, run } = useDoing()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const password = String(form.get('password'))
    void run(async () => {
      await data(api.POST('/v1/members', { body: { email: String(form.get('email')), role, password: password === '' ? null : password } }))
      onDone()
    })
  }
  return (
    <form onSubmit={submit} className="grid max-w-3xl items-start gap-3 sm:grid-cols-2">
      <Field label={t.members.email}>
        <input name="email" type="email" required autoFocus autoComplete="off" className={FIELD} />
      </Field>
      <Field label={t.members.role} hint={t.members.can[role]}>
        <Select value={role} onChange={(event) => setRole(event.target.value as Role)}>
          {ROLES.map((one) => (
            <option key={one} value={one}>
              {t.members.roles[one]}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t.members.password} hint={t.members.passwordHint}>
        <input name="password" type="password" minLength={10} autoComplete="new-password" className={FIELD} />
      </Field>
      <div className="grid gap-3 sm:col-span-2">
        {fault !== null && <Fault error={fault} />}
        <div className="flex gap-2">
          <Button kind="first" type="submit" disabled={busy}>
            {t.members.add}
          </Button>
          <Button onClick={onCancel}>{common.cancel}</Button>
        </div>
      </div>
    </form>
  )
}
