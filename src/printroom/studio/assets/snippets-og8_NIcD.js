import{b as e}from"./client-D7cFitaw.js";import{a as t,n,t as r}from"./ports-CwbJcF2y.js";function i(t,n,r){let i=`${e}v1/pipelines/${encodeURIComponent(t.id).replaceAll(`%40`,`@`).replaceAll(`%2F`,`/`)}`,[o,s]=a(t,n);return[{name:`curl`,code:c(i,o,s,r)},{name:`Python`,code:l(i,t,o,s,r)},{name:`JavaScript`,code:d(i,o,s,r)}]}function a(e,i){let a=[],o=[];for(let[s,c]of Object.entries(e.inputs)){let e=i[s],l=t(c).default;if(r(c)||n(c)){let t=e??[];for(let e of t.length>0?t.map(e=>e.name):[`photo.jpg`])a.push([s,e])}else e!==void 0&&e!==``?o.push([s,e]):l!=null&&o.push([s,l])}return[a,o]}var o=e=>`'${e.replaceAll(`'`,`'\\''`)}'`,s=e=>typeof e==`string`?e:JSON.stringify(e);function c(e,t,n,r){return[`curl --fail-with-body`,...r?[`-H "Authorization: Bearer $PRINTROOM_KEY"`]:[],...t.map(([e,t])=>`-F ${o(`${e}=@"${t}"`)}`),...n.map(([e,t])=>`-F ${o(`${e}=${s(t)}`)}`),...t.length+n.length===0?[`-X POST`,`-H 'content-type: application/json'`,`-d '{}'`]:[],`-o result.json ${o(e)}`].join(` \\
  `)}function l(e,t,r,i,a){let o=e=>n(t.inputs[e]??`text`),s=[...new Set(r.map(([e])=>e))].map(e=>{let t=r.filter(([t])=>t===e).map(([,e])=>`picture(${JSON.stringify(e)})`);return`    ${JSON.stringify(e)}: ${o(e)?`[${t.join(`, `)}]`:t[0]},`}),c=i.map(([e,t])=>`    ${JSON.stringify(e)}: ${u(t)},`);return`import base64
import json
import mimetypes
${a?`import os
`:``}from pathlib import Path
from urllib.request import Request, urlopen


def picture(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(Path(name).read_bytes()).decode()}"


inputs = {
${[...s,...c].join(`
`)}
}
headers = {"Content-Type": "application/json"${a?`, "Authorization": f"Bearer {os.environ['PRINTROOM_KEY']}"`:``}}
request = Request(${JSON.stringify(e)}, json.dumps(inputs).encode(), headers)
with urlopen(request) as answer:
    Path("result.json").write_bytes(answer.read())`}function u(e){return e===!0?`True`:e===!1?`False`:JSON.stringify(e)}function d(e,t,n,r){return`import { readFile, writeFile } from 'node:fs/promises'

const body = new FormData()
${[...t.map(([e,t])=>`body.append(${JSON.stringify(e)}, new Blob([await readFile(${JSON.stringify(t)})]), ${JSON.stringify(t)})`),...n.map(([e,t])=>`body.append(${JSON.stringify(e)}, ${JSON.stringify(s(t))})`)].join(`
`)}
const answer = await fetch(${JSON.stringify(e)}, {
  method: 'POST',${r?"\n  headers: { authorization: `Bearer ${process.env.PRINTROOM_KEY}` },":``}
  body,
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.json', await answer.text())`}export{a as i,o as n,i as r,u as t};