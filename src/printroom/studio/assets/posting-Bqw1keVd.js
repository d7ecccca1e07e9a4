import{n as e,t}from"./snippets-og8_NIcD.js";function n(e,t,n,o=0){return[{name:`curl`,code:r(e,t,n,o)},{name:`Python`,code:i(e,t,n,o)},{name:`JavaScript`,code:a(e,t,n,o)}]}function r(t,n,r,i){return[`curl --fail-with-body`,...r?[`-H "Authorization: Bearer $PRINTROOM_KEY"`]:[],...i>0?[`-H "Prefer: wait=${i}"`]:[],`-H "Content-Type: application/json"`,`-d ${e(JSON.stringify(n))}`,`-o result.json ${e(t)}`].join(` \\
  `)}function i(e,t,n,r){let i=[`"Content-Type": "application/json"`,...r>0?[`"Prefer": "wait=${r}"`]:[],...n?[`"Authorization": f"Bearer {os.environ['PRINTROOM_KEY']}"`]:[]];return`import json
${n?`import os
`:``}from pathlib import Path
from urllib.request import Request, urlopen

body = ${o(t,``)}
headers = {${i.join(`, `)}}
with urlopen(Request(${JSON.stringify(e)}, json.dumps(body).encode(), headers)) as answer:
    Path("result.json").write_bytes(answer.read())`}function a(e,t,n,r){let i=[`'content-type': 'application/json'`,...r>0?[`prefer: 'wait=${r}'`]:[],...n?["authorization: `Bearer ${process.env.PRINTROOM_KEY}`"]:[]];return`import { writeFile } from 'node:fs/promises'

const body = ${JSON.stringify(t,null,2)}
const answer = await fetch(${JSON.stringify(e)}, {
  method: 'POST',
  headers: { ${i.join(`, `)} },
  body: JSON.stringify(body),
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.json', await answer.text())`}function o(e,n){if(e===null)return`None`;if(Array.isArray(e))return`[${e.map(e=>o(e,n)).join(`, `)}]`;if(typeof e!=`object`)return t(e);let r=`${n}    `,i=Object.entries(e).map(([e,t])=>`${r}${JSON.stringify(e)}: ${o(t,r)},\n`);return i.length===0?`{}`:`{\n${i.join(``)}${n}}`}export{n as t};