// The pages. They live behind `#`, so that the studio works below any path and no address of the API
// is a page as well.
import { createHashHistory, createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router'
import { Enhance } from './pages/enhance/Enhance'
import { Shell } from './Shell'
import { t } from './texts/en'
import { Fault, Loading, Page } from './ui/parts'

const root = createRootRoute({ component: Shell, notFoundComponent: Missing })

const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: Enhance }),
  createRoute({
    getParentRoute: () => root,
    path: '/pipelines',
    component: lazyRouteComponent(() => import('./pages/pipelines/Pipelines'), 'Pipelines'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/pipelines/$name',
    component: lazyRouteComponent(() => import('./pages/pipelines/Pipeline'), 'Pipeline'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/pipelines/new',
    component: lazyRouteComponent(() => import('./pages/editor/New'), 'New'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/pipelines/$owner/$name',
    component: lazyRouteComponent(() => import('./pages/pipelines/Pipeline'), 'Pipeline'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/pipelines/$owner/$name/edit',
    component: lazyRouteComponent(() => import('./pages/editor/Editor'), 'Editor'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/pipelines/$owner/$name/compare',
    component: lazyRouteComponent(() => import('./pages/editor/Versions'), 'Versions'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/models',
    component: lazyRouteComponent(() => import('./pages/models/Models'), 'Models'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/models/new',
    component: lazyRouteComponent(() => import('./pages/models/NewModel'), 'NewModel'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/models/$owner/$name',
    component: lazyRouteComponent(() => import('./pages/models/OneModel'), 'OneModel'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/trainings',
    component: lazyRouteComponent(() => import('./pages/trainings/Trainings'), 'Trainings'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/trainings/new',
    validateSearch: alike,
    component: lazyRouteComponent(() => import('./pages/trainings/NewTraining'), 'NewTraining'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/trainings/$id',
    component: lazyRouteComponent(() => import('./pages/trainings/OneTraining'), 'OneTraining'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/people',
    component: lazyRouteComponent(() => import('./pages/people/People'), 'People'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/people/new',
    component: lazyRouteComponent(() => import('./pages/people/NewPerson'), 'NewPerson'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/people/$id',
    component: lazyRouteComponent(() => import('./pages/people/OnePerson'), 'OnePerson'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/artist',
    component: lazyRouteComponent(() => import('./pages/artist/Artist'), 'Artist'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/market',
    component: lazyRouteComponent(() => import('./pages/market/Shop'), 'Shop'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/market/shared',
    component: lazyRouteComponent(() => import('./pages/market/Shared'), 'Shared'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/market/coupons',
    component: lazyRouteComponent(() => import('./pages/market/Coupons'), 'Coupons'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/market/desk',
    component: lazyRouteComponent(() => import('./pages/market/Desk'), 'Desk'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/market/sell',
    validateSearch: offered,
    component: lazyRouteComponent(() => import('./pages/market/Sell'), 'Sell'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/market/reports',
    component: lazyRouteComponent(() => import('./pages/market/Moderation'), 'Moderation'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/market/$id',
    component: lazyRouteComponent(() => import('./pages/market/OneListing'), 'OneListing'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/runs',
    component: lazyRouteComponent(() => import('./pages/runs/Runs'), 'Runs'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/runs/$id',
    component: lazyRouteComponent(() => import('./pages/runs/OneRun'), 'OneRun'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/operate',
    component: lazyRouteComponent(() => import('./pages/operate/Operate'), 'Operate'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/operate/stores',
    component: lazyRouteComponent(() => import('./pages/operate/Stores'), 'Stores'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/operate/members',
    component: lazyRouteComponent(() => import('./pages/operate/Members'), 'Members'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/operate/limits',
    component: lazyRouteComponent(() => import('./pages/operate/Limits'), 'Limits'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/operate/audit',
    component: lazyRouteComponent(() => import('./pages/operate/Audit'), 'Audit'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/account',
    component: lazyRouteComponent(() => import('./pages/account/Account'), 'Account'),
  }),
]

/** What a page wants to be offered: its kind and name are filled in. */
function offered(search: Record<string, unknown>): { kind?: 'model' | 'pipeline'; name?: string } {
  const kind = search.kind === 'model' || search.kind === 'pipeline' ? search.kind : undefined
  return { ...(kind && { kind }), ...(typeof search.name === 'string' && { name: search.name }) }
}

/** The training that another one begins as. */
function alike(search: Record<string, unknown>): { like?: string } {
  return typeof search.like === 'string' ? { like: search.like } : {}
}

function Missing() {
  return (
    <Page title={t.nothingHere}>
      <Link to="/" className="text-accent underline">
        {t.home}
      </Link>
    </Page>
  )
}

export const router = createRouter({
  routeTree: root.addChildren(routes),
  history: createHashHistory(),
  defaultPendingComponent: Loading,
  defaultErrorComponent: ({ error, reset }) => (
    <Page title={t.failedToLoad}>
      <Fault error={error} retry={reset} />
    </Page>
  ),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
