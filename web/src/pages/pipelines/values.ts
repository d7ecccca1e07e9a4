// The values of a form, as a run takes them: files are sent, and stand there by their ids.
import { persist } from '../../api/connection'
import { upload } from '../../api/upload'
import { t } from '../../texts/en'
import { isPicture, isPictures, isRequired, type Port, words } from './ports'

/** Raises an Error for what is missing, and Problem. */
export async function sentValues(inputs: Record<string, Port>, given: Record<string, unknown>): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = {}
  for (const [name, port] of Object.entries(inputs)) {
    const value = given[name]
    if (value === undefined || value === '') {
      if (!isRequired(port)) continue
      if (words(port).type !== 'flag') throw new Error(t.pipelines.missing(name))
      input[name] = false // what a box without a tick says
    } else if (isPicture(port) || isPictures(port)) {
      const files = await Promise.all((value as File[]).map(sent))
      input[name] = isPictures(port) ? files : files[0]
    } else input[name] = value
  }
  return input
}

async function sent(file: File): Promise<string> {
  return (await persist(() => upload(file, file.name, () => undefined, new AbortController().signal))).id
}
