// JSON to an address, from programs; each works when pasted, and keeps the answer in `result.json`.
import type { Snippet } from '../../ui/Snippets'
import { literal, quoted } from './snippets'

/** `login`: whether the server asks who calls; `wait`: seconds for which the answer may take. */
export function posting(url: string, body: object, login: boolean, wait = 0): Snippet[] {
  return [
    { name: 'curl', code: curl(url, body, login, wait) },
    { name: 'Python', code: python(url, body, login, wait) },
    { name: 'JavaScript', code: javascript(url, body, login, wait) },
  ]
}

function curl(url: string, body: object, login: boolean, wait: number): string {
  return [
    'curl --fail-with-body',
    ...(login ? ['-H "Authorization: Bearer $PRINTROOM_KEY"'] : []),
    ...(wait > 0 ? [`-H "Prefer: wait=${wait}"`] : []),
    '-H "Content-Type: application/json"',
    `-d ${quoted(JSON.stringify(body))}`,
    `-o result.json ${quoted(url)}`,
  ].join(' \\\n  ')
}

function python(url: string, body: object, login: boolean, wait: number): string {
  const headers = ['"Content-Type": "application/json"', ...(wait > 0 ? [`"Prefer": "wait=${wait}"`] : []), ...(login ? ['"Authorization": f"Bearer {os.environ[\'PRINTROOM_KEY\']}"'] : [])]
  return `import json
${login ? 'import os\n' : ''}from pathlib import Path
from urllib.request import Request, urlopen

body = ${written(body, '')}
headers = {${headers.join(', ')}}
with urlopen(Request(${JSON.stringify(url)}, json.dumps(body).encode(), headers)) as answer:
    Path("result.json").write_bytes(answer.read())`
}

function javascript(url: string, body: object, login: boolean, wait: number): string {
  const headers = ["'content-type': 'application/json'", ...(wait > 0 ? [`prefer: 'wait=${wait}'`] : []), ...(login ? ['authorization: `Bearer ${process.env.PRINTROOM_KEY}`'] : [])]
  return `import { writeFile } from 'node:fs/promises'

const body = ${JSON.stringify(body, null, 2)}
const answer = await fetch(${JSON.stringify(url)}, {
  method: 'POST',
  headers: { ${headers.join(', ')} },
  body: JSON.stringify(body),
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.json', await answer.text())`
}

/** JSON as Python writes it. */
function written(value: unknown, indent: string): string {
  if (value === null) return 'None'
  if (Array.isArray(value)) return `[${value.map((one) => written(one, indent)).join(', ')}]`
  if (typeof value !== 'object') return literal(value)
  const inside = `${indent}    `
  const lines = Object.entries(value).map(([name, one]) => `${inside}${JSON.stringify(name)}: ${written(one, inside)},\n`)
  return lines.length === 0 ? '{}' : `{\n${lines.join('')}${indent}}`
}
