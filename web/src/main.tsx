import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { Lost, onReached } from './api/connection'
import { Problem } from './api/problem'
import { look } from './api/session'
import { router } from './router'
import './style.css'
import { showTheme } from './ui/theme'

showTheme()
void look()

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (count, error) =>
        !(error instanceof Lost) && !(error instanceof Problem && error.status < 500) && count < 2,
    },
  },
})
onReached(() => void client.invalidateQueries())

createRoot(document.getElementById('root') as HTMLElement).render(
  <QueryClientProvider client={client}>
    <RouterProvider router={router} />
  </QueryClientProvider>,
)
