// What another account offers, from programs: as a run, which is quoted and charged; each works when pasted.
import { base } from '../../api/connection'
import type { Snippet } from '../../ui/Snippets'
import type { Known } from './api'
import { isPictures } from './ports'
import { literal, quoted, wanted } from './snippets'

const URL_ = `${base}v1/runs`

export function runSnippets(known: Known, given: Record<string, unknown>, login: boolean): Snippet[] {
  const [pictures, values] = wanted(known, given)
  const fields = [...byInput(known, pictures), ...values.map(([name, value]): Field => ({ name, value }))]
  const target = known.id.replace(/@.*$/, '')
  return [
    { name: 'curl', code: curl(target, fields, login) },
    { name: 'Python', code: python(target, fields, login) },
    { name: 'JavaScript', code: javascript(target, fields, login) },
  ]
}

/** An input, with the names of its pictures, or with another value. */
type Field = { name: string; files: string[]; several: boolean } | { name: string; value: unknown }

function byInput(known: Known, pictures: [string, string][]): Field[] {
  const names = [...new Set(pictures.map(([name]) => name))]
  return names.map((name) => ({
    name,
    files: pictures.filter(([one]) => one === name).map(([, file]) => file),
    several: isPictures(known.inputs[name] ?? 'text'),
  }))
}

/** As `picture` and `other` write it; a list where there are several. */
const written = (field: Field, picture: (file: string) => string, other: (value: unknown) => string): string => {
  if (!('files' in field)) return other(field.value)
  const all = field.files.map(picture)
  return field.several ? `[${all.join(', ')}]` : (all[0] ?? '')
}

const kindOf = (file: string): string => `image/${/\.(png|webp|tiff?|avif|heic)$/i.exec(file)?.[1]?.toLowerCase().replace(/^tif$/, 'tiff') ?? 'jpeg'}`

/** A shell takes no picture as an argument: the body goes through a pipe. */
function curl(target: string, fields: Field[], login: boolean): string {
  const picture = (file: string) => `"data:${kindOf(file)};base64,'; base64 ${quoted(file)} | tr -d '\\n'; printf '%s' '"`
  const body = fields.map((one) => `"${one.name}": ${written(one, picture, (value) => JSON.stringify(value).replaceAll("'", `'\\''`))}`)
  return [
    `{ printf '%s' '{"target": "${target}", "input": {${body.join(', ')}}}'; } |`,
    '  curl --fail-with-body -H "prefer: wait=60" -H "content-type: application/json" \\',
    ...(login ? ['  -H "Authorization: Bearer $PRINTROOM_KEY" \\'] : []),
    `  -d @- -o result.json ${quoted(URL_)}`,
  ].join('\n')
}

function python(target: string, fields: Field[], login: boolean): string {
  const lines = fields.map((one) => `    ${JSON.stringify(one.name)}: ${written(one, (file) => `picture(${JSON.stringify(file)})`, literal)},`)
  return `import base64
import json
import mimetypes
${login ? 'import os\n' : ''}from pathlib import Path
from urllib.request import Request, urlopen


def picture(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "image/jpeg"
    return f"data:{kind};base64,{base64.b64encode(Path(name).read_bytes()).decode()}"


inputs = {
${lines.join('\n')}
}
body = json.dumps({"target": ${JSON.stringify(target)}, "input": inputs}).encode()
headers = {"Content-Type": "application/json", "Prefer": "wait=60"${login ? ', "Authorization": f"Bearer {os.environ[\'PRINTROOM_KEY\']}"' : ''}}
with urlopen(Request(${JSON.stringify(URL_)}, body, headers)) as answer:
    Path("result.json").write_bytes(answer.read())`
}

function javascript(target: string, fields: Field[], login: boolean): string {
  const lines = fields.map((one) => `  ${JSON.stringify(one.name)}: ${written(one, (file) => `await picture(${JSON.stringify(file)})`, (value) => JSON.stringify(value))},`)
  return `import { readFile, writeFile } from 'node:fs/promises'

const picture = async (name) => \`data:image/jpeg;base64,\${(await readFile(name)).toString('base64')}\`
const input = {
${lines.join('\n')}
}
const answer = await fetch(${JSON.stringify(URL_)}, {
  method: 'POST',
  headers: { 'content-type': 'application/json', prefer: 'wait=60'${login ? ', authorization: `Bearer ${process.env.PRINTROOM_KEY}`' : ''} },
  body: JSON.stringify({ target: ${JSON.stringify(target)}, input }),
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.json', await answer.text())`
}
