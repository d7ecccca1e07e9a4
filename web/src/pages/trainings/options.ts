// Options of recipes that a form asks for by name. The server lists recipes and not what they take, so this does; a test
// holds it to the recipes. What is not here goes in by name and value.

const FIRST = ['steps', 'data_kind']
const MORE = ['batch', 'patch', 'rate', 'channels', 'layers', 'leaves', 'seed', 'report_every', 'bits', 'threads']

/** Recipes that learn from pictures, and what each asks for before all others. */
const RECIPES: Record<string, string[]> = { colour: [], deblur: [], dejpeg: [], denoise: [], lowlight: [], photo: [], upscale: ['scale'] }

/** Options that have a few values. */
export const CHOICES: Record<string, string[]> = { scale: ['2', '4'], data_kind: ['own', 'permitted', 'wide', 'research'], bits: ['32', '16'] }

/** Names of options: those that are asked for at once, and those that fold away; none of a recipe that is not known here. */
export function optionsOf(recipe: string): { first: string[]; more: string[] } {
  const own = RECIPES[recipe]
  return own === undefined ? { first: [], more: [] } : { first: [...own, ...FIRST], more: MORE }
}

/** Of pictures of one's own, all are taken. */
export const OWN = { data_kind: 'own' }

/** What stands in a field -> a value, or several to be tried; null = nothing stands there. */
export function read(text: string): number | string | (number | string)[] | null {
  const parts = text.split(',').map((one) => one.trim()).filter((one) => one !== '')
  const values = parts.map((one) => (Number.isNaN(Number(one)) ? one : Number(one)))
  return values.length > 1 ? values : (values[0] ?? null)
}

/** Fields by name -> the options and the grid of a request. */
export function chosen(fields: Record<string, string>): { options: Record<string, number | string>; grid: Record<string, (number | string)[]> } {
  const found = Object.entries(fields).map(([name, text]) => [name.trim(), read(text)] as const)
  const known = found.filter(([name, value]) => name !== '' && value !== null)
  return {
    options: Object.fromEntries(known.filter(([, value]) => !Array.isArray(value))) as Record<string, number | string>,
    grid: Object.fromEntries(known.filter(([, value]) => Array.isArray(value))) as Record<string, (number | string)[]>,
  }
}

/** The fields of a training that was asked for before. */
export const fieldsOf = (options: Record<string, string>, grid: Record<string, string[]>): Record<string, string> => ({
  ...options,
  ...Object.fromEntries(Object.entries(grid).map(([name, values]) => [name, values.join(', ')])),
})
