// Light, dark, or as the system.
import { useState } from 'react'
import { t } from '../texts/en'
import { setTheme, type Theme, theme } from './theme'

export function ThemeChoice() {
  const [chosen, setChosen] = useState(theme())
  return (
    <select
      aria-label={t.theme.label}
      value={chosen}
      onChange={(event) => {
        setTheme(event.target.value as Theme)
        setChosen(event.target.value as Theme)
      }}
      className="min-h-9 rounded-md bg-transparent px-2 text-soft"
    >
      <option value="system">{t.theme.system}</option>
      <option value="light">{t.theme.light}</option>
      <option value="dark">{t.theme.dark}</option>
    </select>
  )
}
