// What is around every page: where one is, whether the server answers, who is signed in.
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { base, useReachable } from './api/connection'
import { look, useSession } from './api/session'
import { SignIn } from './SignIn'
import { t } from './texts/en'
import { Keys } from './ui/Keys'
import { Button, Fault, Loading, Page } from './ui/parts'
import { ThemeChoice } from './ui/ThemeChoice'

const PAGES = [
  ['/', t.nav.enhance, 'e'],
  ['/pipelines', t.nav.pipelines, 'p'],
  ['/models', t.nav.models, 'm'],
  ['/people', t.nav.people, 'l'],
  ['/artist', t.nav.artist, 't'],
  ['/market', t.nav.market, 'k'],
  ['/runs', t.nav.runs, 'r'],
  ['/operate', t.nav.operate, 'o'],
  ['/account', t.nav.account, 'a'],
] as const

export function Shell() {
  const reachable = useReachable()
  const session = useSession()
  const [keys, setKeys] = useState(false)
  useShortcuts(() => setKeys(true))
  const training = useLocation({ select: ({ pathname }) => pathname.startsWith('/trainings') })
  return (
    <div className="grid h-full grid-rows-[auto_auto_1fr]">
      <a href="#main" className="sr-only focus:not-sr-only" onClick={toMain}>
        {t.nav.skip}
      </a>
      <header className="flex items-center gap-x-4 border-b border-line bg-sheet px-4 min-w-0">
        <strong className="font-semibold max-sm:sr-only">{t.name}</strong>
        <nav aria-label={t.nav.label} className="flex min-w-0 flex-wrap">
          {PAGES.map(([path, name]) => (
            <Link
              key={path}
              to={path}
              activeOptions={{ exact: path === '/' }}
              {...(path === '/models' && training && { 'data-status': 'active' })}
              className="border-b-2 border-transparent px-3 py-3 max-sm:px-2 max-sm:py-2 text-soft no-underline hover:text-text data-[status=active]:border-accent data-[status=active]:text-text outline-offset-[-2px]"
            >
              {name}
            </Link>
          ))}
          <a href={`${base}docs`} className="px-3 py-3 max-sm:px-2 max-sm:py-2 text-soft no-underline hover:text-text">
            {t.nav.docs}
          </a>
        </nav>
        <div className="ml-auto flex items-center gap-1 max-sm:hidden">
          <ThemeChoice />
          <Button kind="quiet" aria-label={t.keys.open} onClick={() => setKeys(true)}>
            ?
          </Button>
        </div>
      </header>
      <div>{!reachable && <Banner />}</div>
      <main id="main" tabIndex={0} className="min-h-0 overflow-y-auto focus-visible:-outline-offset-2">
        {(session.kind === 'in' || session.expired) && <Outlet />}
        {session.kind === 'asking' && <Loading />}
        {session.kind === 'refused' && (
          <Page title={t.name}>
            <Fault error={session.why} retry={() => void look()} />
          </Page>
        )}
      </main>
      {session.kind === 'out' && <SignIn expired={session.expired} />}
      {keys && <Keys title={t.keys.title} rows={t.keys.rows} onClose={() => setKeys(false)} />}
    </div>
  )
}

function toMain(event: { preventDefault: () => void }) {
  event.preventDefault() // the address is the page's
  document.getElementById('main')?.focus()
}

function Banner() {
  return (
    <p role="alert" className="border-b border-line bg-raised px-4 py-2 text-warn">
      {t.line.lost}
    </p>
  )
}

/** Whether somebody is writing, so that letters are not ours. */
export function writing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type=range],[type=checkbox]), select, textarea'))
}

function useShortcuts(onHelp: () => void) {
  const navigate = useNavigate()
  const going = useRef(0)
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (writing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return
      const page = PAGES.find(([, , letter]) => letter === event.key)
      if (event.key === '?') onHelp()
      else if (event.key === 'g') going.current = event.timeStamp
      else if (page !== undefined && event.timeStamp - going.current < 1500) {
        going.current = 0
        void navigate({ to: page[0] })
      }
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  })
}
