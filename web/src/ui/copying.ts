// Text into the clipboard, also where a page came over plain HTTP, which has no `navigator.clipboard`.
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.readOnly = true
  area.className = 'sr-only'
  // Beside what has the focus: a dialog lets nothing outside it have it.
  const here = document.activeElement
  ;(here?.closest('dialog') ?? document.body).append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
  if (here instanceof HTMLElement) here.focus()
}
