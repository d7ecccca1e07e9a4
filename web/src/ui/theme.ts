// Light or dark: as the system, unless somebody chose.
export type Theme = 'system' | 'light' | 'dark'
const NAME = 'printroom-theme'

export function theme(): Theme {
  const kept = localStorage.getItem(NAME)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function setTheme(chosen: Theme): void {
  localStorage.setItem(NAME, chosen)
  showTheme()
}

export function showTheme(): void {
  const chosen = theme()
  if (chosen === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
}
