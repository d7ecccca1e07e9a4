// A pipeline from programs, with the values of the form; each works when pasted.
import { base } from '../../api/connection'
import type { Snippet } from '../../ui/Snippets'
import type { Known } from './api'
import { isPicture, isPictures, words } from './ports'

type Given = Record<string, unknown>

export function snippets(known: Known, given: Given, login: boolean): Snippet[] {
  const url = `${base}v1/pipelines/${encodeURIComponent(known.id).replaceAll('%40', '@').replaceAll('%2F', '/')}`
  const [pictures, values] = wanted(known, given)
  return [
    { name: 'curl', code: curl(url, pictures, values, login) },
    { name: 'Python', code: python(url, known, pictures, values, login) },
    { name: 'JavaScript', code: javascript(url, pictures, values, login) },
  ]
}

/** Names of pictures by input, and all other values. */
export function wanted(known: Known, given: Given): [[string, string][], [string, unknown][]] {
  const pictures: [string, string][] = []
  const values: [string, unknown][] = []
  for (const [name, port] of Object.entries(known.inputs)) {
    const value = given[name]
    const fallback = words(port).default
    if (isPicture(port) || isPictures(port)) {
      const files = (value as File[] | undefined) ?? []
      for (const file of files.length > 0 ? files.map((one) => one.name) : ['photo.jpg']) pictures.push([name, file])
    } else if (value !== undefined && value !== '') values.push([name, value])
    else if (fallback !== undefined && fallback !== null) values.push([name, fallback])
  }
  return [pictures, values]
}

export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function curl(url: string, pictures: [string, string][], values: [string, unknown][], login: boolean): string {
  return [
    'curl --fail-with-body',
    ...(login ? ['-H "Authorization: Bearer $PRINTROOM_KEY"'] : []),
    ...pictures.map(([name, file]) => `-F ${quoted(`${name}=@"${file}"`)}`),
    ...values.map(([name, value]) => `-F ${quoted(`${name}=${plain(value)}`)}`),
    ...(pictures.length + values.length === 0 ? ['-X POST', "-H 'content-type: application/json'", "-d '{}'"] : []),
    `-o result.json ${quoted(url)}`,
  ].join(' \\\n  ')
}

function python(url: string, known: Known, pictures: [string, string][], values: [string, unknown][], login: boolean): string {
  const several = (name: string) => isPictures(known.inputs[name] ?? 'text')
  const names = [...new Set(pictures.map(([name]) => name))]
  const lines = names.map((name) => {
    const files = pictures.filter(([one]) => one === name).map(([, file]) => `picture(${JSON.stringify(file)})`)
    return `    ${JSON.stringify(name)}: ${several(name) ? `[${files.join(', ')}]` : files[0]},`
  })
  const rest = values.map(([name, value]) => `    ${JSON.stringify(name)}: ${literal(value)},`)
  return `import base64
import json
import mimetypes
${login ? 'import os\n' : ''}from pathlib import Path
from urllib.request import Request, urlopen


def picture(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(Path(name).read_bytes()).decode()}"


inputs = {
${[...lines, ...rest].join('\n')}
}
headers = {"Content-Type": "application/json"${login ? ', "Authorization": f"Bearer {os.environ[\'PRINTROOM_KEY\']}"' : ''}}
request = Request(${JSON.stringify(url)}, json.dumps(inputs).encode(), headers)
with urlopen(request) as answer:
    Path("result.json").write_bytes(answer.read())`
}

export function literal(value: unknown): string {
  if (value === true) return 'True'
  if (value === false) return 'False'
  return JSON.stringify(value)
}

function javascript(url: string, pictures: [string, string][], values: [string, unknown][], login: boolean): string {
  const fill = [
    ...pictures.map(([name, file]) => `body.append(${JSON.stringify(name)}, new Blob([await readFile(${JSON.stringify(file)})]), ${JSON.stringify(file)})`),
    ...values.map(([name, value]) => `body.append(${JSON.stringify(name)}, ${JSON.stringify(plain(value))})`),
  ]
  return `import { readFile, writeFile } from 'node:fs/promises'

const body = new FormData()
${fill.join('\n')}
const answer = await fetch(${JSON.stringify(url)}, {
  method: 'POST',${login ? '\n  headers: { authorization: `Bearer ${process.env.PRINTROOM_KEY}` },' : ''}
  body,
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.json', await answer.text())`
}
