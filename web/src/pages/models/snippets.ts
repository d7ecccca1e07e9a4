// A model from programs; each works when pasted.
import { base } from '../../api/connection'
import type { Snippet } from '../../ui/Snippets'

export function snippets(id: string, login: boolean): Snippet[] {
  const url = `${base}v1/images/enhance?model=${id}`
  return [
    {
      name: 'curl',
      code: ['curl --fail-with-body', ...(login ? ['-H "Authorization: Bearer $PRINTROOM_KEY"'] : []), `--data-binary @photo.jpg -o result.jpg`, `'${url}'`].join(' \\\n  '),
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
    Path("result.jpg").write_bytes(answer.read())`,
    },
    {
      name: 'JavaScript',
      code: `import { readFile, writeFile } from 'node:fs/promises'

const answer = await fetch('${url}', {
  method: 'POST',${login ? '\n  headers: { authorization: `Bearer ${process.env.PRINTROOM_KEY}` },' : ''}
  body: await readFile('photo.jpg'),
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.jpg', Buffer.from(await answer.arrayBuffer()))`,
    },
  ]
}
