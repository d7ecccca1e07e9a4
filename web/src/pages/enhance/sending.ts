// A picture to an address that answers with another one, from programs; each works when pasted.
import type { Snippet } from '../../ui/Snippets'

/** `result`: what the answer is kept as; `login`: whether the server asks who calls. */
export const sending = (url: string, result: string, login: boolean): Snippet[] => [
  {
    name: 'curl',
    code: ['curl --fail-with-body', ...(login ? ['-H "Authorization: Bearer $PRINTROOM_KEY"'] : []), `--data-binary @photo.jpg -o ${result}`, `'${url}'`].join(' \\\n  '),
  },
  {
    name: 'Python',
    code: `${login ? 'import os\n' : ''}from pathlib import Path
from urllib.request import Request, urlopen

request = Request(
    "${url}",
    data=Path("photo.jpg").read_bytes(),
    headers={${login ? '"Authorization": f"Bearer {os.environ[\'PRINTROOM_KEY\']}"' : ''}},
)
with urlopen(request) as answer:
    Path("${result}").write_bytes(answer.read())`,
  },
  {
    name: 'JavaScript',
    code: `import { readFile, writeFile } from 'node:fs/promises'

const answer = await fetch('${url}', {
  method: 'POST',${login ? '\n  headers: { authorization: `Bearer ${process.env.PRINTROOM_KEY}` },' : ''}
  body: await readFile('photo.jpg'),
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('${result}', Buffer.from(await answer.arrayBuffer()))`,
  },
]
