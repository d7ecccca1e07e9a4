// Who you are here, keys for programs, and what was used.
import { useSession, signOut } from '../../api/session'
import { t } from '../../texts/en'
import { Button, Card, Page } from '../../ui/parts'
import { ThemeChoice } from '../../ui/ThemeChoice'
import { Keys } from './Keys'
import { Usage } from './Usage'

export function Account() {
  const { session } = useSession()
  return (
    <Page title={t.account.title} lead={t.account.lead}>
      <Card>
        <div className="flex flex-wrap items-center justify-between gap-3">
          <div>
            <p className="font-semibold">{session?.user?.email ?? session?.account.name}</p>
            <p className="text-soft">{session?.user == null ? t.account.local : session.account.name}</p>
          </div>
          <div className="sm:hidden">
            <ThemeChoice />
          </div>
          {session?.user != null && <Button onClick={() => void signOut()}>{t.signIn.out}</Button>}
        </div>
      </Card>
      <div className="grid gap-4 lg:grid-cols-2">
        <Keys scopes={session?.scopes ?? []} />
        <Usage />
      </div>
    </Page>
  )
}
