// The same thing as code, in three languages, ready to be pasted.
import { Tabs } from 'radix-ui'
import { useState } from 'react'
import { t } from '../texts/en'
import { Copy } from './Copy'

export interface Snippet {
  name: string
  code: string
}

export function Snippets({ snippets }: { snippets: Snippet[] }) {
  const [at, setAt] = useState(snippets[0]?.name ?? '')
  return (
    <Tabs.Root value={at} onValueChange={setAt} className="grid gap-2 min-w-0">
      <div className="flex items-center justify-between gap-2">
        <Tabs.List className="flex gap-1" aria-label={t.enhance.code}>
          {snippets.map((one) => (
            <Tabs.Trigger
              key={one.name}
              value={one.name}
              className="rounded-md px-2 min-h-8 text-soft data-[state=active]:bg-raised data-[state=active]:text-text"
            >
              {one.name}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Copy key={at} text={snippets.find((one) => one.name === at)?.code ?? ''} />
      </div>
      {snippets.map((one) => (
        <Tabs.Content key={one.name} value={one.name} className="min-w-0">
          <pre tabIndex={0} className="max-h-80 overflow-auto rounded-md border border-line bg-ground p-3 font-mono text-xs">
            {one.code}
          </pre>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  )
}
