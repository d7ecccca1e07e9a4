import{t as e}from"./useQuery-Bm5tRAgB.js";import{t}from"./link-jiN-VtZW.js";import{C as n}from"./index-Cf7Eog-D.js";import{S as r,c as i,o as a,p as o,r as s,u as c,v as l,y as u}from"./parts-BUEqfIV2.js";import{_ as d,b as f,l as p}from"./client-CTP5_r_4.js";import{t as m}from"./Snippets-Cmrb0LG5.js";import{i as h,n as g,r as _}from"./api-KsUxVVGC.js";import{n as v,t as y}from"./RunForm-CNiTCsqW.js";import{a as b,n as x,t as S}from"./ports-CwbJcF2y.js";var C=r(u(),1);function w(e,t,n){let r=`${f}v1/pipelines/${encodeURIComponent(e.id).replaceAll(`%40`,`@`).replaceAll(`%2F`,`/`)}`,[i,a]=T(e,t);return[{name:`curl`,code:O(r,i,a,n)},{name:`Python`,code:k(r,e,i,a,n)},{name:`JavaScript`,code:j(r,i,a,n)}]}function T(e,t){let n=[],r=[];for(let[i,a]of Object.entries(e.inputs)){let e=t[i],o=b(a).default;if(S(a)||x(a)){let t=e??[];for(let e of t.length>0?t.map(e=>e.name):[`photo.jpg`])n.push([i,e])}else e!==void 0&&e!==``?r.push([i,e]):o!=null&&r.push([i,o])}return[n,r]}var E=e=>`'${e.replaceAll(`'`,`'\\''`)}'`,D=e=>typeof e==`string`?e:JSON.stringify(e);function O(e,t,n,r){return[`curl --fail-with-body`,...r?[`-H "Authorization: Bearer $PRINTROOM_KEY"`]:[],...t.map(([e,t])=>`-F ${E(`${e}=@"${t}"`)}`),...n.map(([e,t])=>`-F ${E(`${e}=${D(t)}`)}`),...t.length+n.length===0?[`-X POST`,`-H 'content-type: application/json'`,`-d '{}'`]:[],`-o result.json ${E(e)}`].join(` \\
  `)}function k(e,t,n,r,i){let a=e=>x(t.inputs[e]??`text`),o=[...new Set(n.map(([e])=>e))].map(e=>{let t=n.filter(([t])=>t===e).map(([,e])=>`picture(${JSON.stringify(e)})`);return`    ${JSON.stringify(e)}: ${a(e)?`[${t.join(`, `)}]`:t[0]},`}),s=r.map(([e,t])=>`    ${JSON.stringify(e)}: ${A(t)},`);return`import base64
import json
import mimetypes
${i?`import os
`:``}from pathlib import Path
from urllib.request import Request, urlopen


def picture(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(Path(name).read_bytes()).decode()}"


inputs = {
${[...o,...s].join(`
`)}
}
headers = {"Content-Type": "application/json"${i?`, "Authorization": f"Bearer {os.environ['PRINTROOM_KEY']}"`:``}}
request = Request(${JSON.stringify(e)}, json.dumps(inputs).encode(), headers)
with urlopen(request) as answer:
    Path("result.json").write_bytes(answer.read())`}function A(e){return e===!0?`True`:e===!1?`False`:JSON.stringify(e)}function j(e,t,n,r){return`import { readFile, writeFile } from 'node:fs/promises'

const body = new FormData()
${[...t.map(([e,t])=>`body.append(${JSON.stringify(e)}, new Blob([await readFile(${JSON.stringify(t)})]), ${JSON.stringify(t)})`),...n.map(([e,t])=>`body.append(${JSON.stringify(e)}, ${JSON.stringify(D(t))})`)].join(`
`)}
const answer = await fetch(${JSON.stringify(e)}, {
  method: 'POST',${r?"\n  headers: { authorization: `Bearer ${process.env.PRINTROOM_KEY}` },":``}
  body,
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.json', await answer.text())`}var M=`${f}v1/runs`;function N(e,t,n){let[r,i]=T(e,t),a=[...P(e,r),...i.map(([e,t])=>({name:e,value:t}))],o=e.id.replace(/@.*$/,``);return[{name:`curl`,code:L(o,a,n)},{name:`Python`,code:R(o,a,n)},{name:`JavaScript`,code:z(o,a,n)}]}function P(e,t){return[...new Set(t.map(([e])=>e))].map(n=>({name:n,files:t.filter(([e])=>e===n).map(([,e])=>e),several:x(e.inputs[n]??`text`)}))}var F=(e,t,n)=>{if(!(`files`in e))return n(e.value);let r=e.files.map(t);return e.several?`[${r.join(`, `)}]`:r[0]??``},I=e=>`image/${/\.(png|webp|tiff?|avif|heic)$/i.exec(e)?.[1]?.toLowerCase().replace(/^tif$/,`tiff`)??`jpeg`}`;function L(e,t,n){let r=e=>`"data:${I(e)};base64,'; base64 ${E(e)} | tr -d '\\n'; printf '%s' '"`;return[`{ printf '%s' '{"target": "${e}", "input": {${t.map(e=>`"${e.name}": ${F(e,r,e=>JSON.stringify(e).replaceAll(`'`,`'\\''`))}`).join(`, `)}}}'; } |`,`  curl --fail-with-body -H "prefer: wait=60" -H "content-type: application/json" \\`,...n?[`  -H "Authorization: Bearer $PRINTROOM_KEY" \\`]:[],`  -d @- -o result.json ${E(M)}`].join(`
`)}function R(e,t,n){let r=t.map(e=>`    ${JSON.stringify(e.name)}: ${F(e,e=>`picture(${JSON.stringify(e)})`,A)},`);return`import base64
import json
import mimetypes
${n?`import os
`:``}from pathlib import Path
from urllib.request import Request, urlopen


def picture(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "image/jpeg"
    return f"data:{kind};base64,{base64.b64encode(Path(name).read_bytes()).decode()}"


inputs = {
${r.join(`
`)}
}
body = json.dumps({"target": ${JSON.stringify(e)}, "input": inputs}).encode()
headers = {"Content-Type": "application/json", "Prefer": "wait=60"${n?`, "Authorization": f"Bearer {os.environ['PRINTROOM_KEY']}"`:``}}
with urlopen(Request(${JSON.stringify(M)}, body, headers)) as answer:
    Path("result.json").write_bytes(answer.read())`}function z(e,t,n){return`import { readFile, writeFile } from 'node:fs/promises'

const picture = async (name) => \`data:image/jpeg;base64,\${(await readFile(name)).toString('base64')}\`
const input = {
${t.map(e=>`  ${JSON.stringify(e.name)}: ${F(e,e=>`await picture(${JSON.stringify(e)})`,e=>JSON.stringify(e))},`).join(`
`)}
}
const answer = await fetch(${JSON.stringify(M)}, {
  method: 'POST',
  headers: { 'content-type': 'application/json', prefer: 'wait=60'${n?", authorization: `Bearer ${process.env.PRINTROOM_KEY}`":``} },
  body: JSON.stringify({ target: ${JSON.stringify(e)}, input }),
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.json', await answer.text())`}var B=l();function V(){let{owner:r,name:s}=n({strict:!1}),l=r===void 0?s:`${r}/${s}`,u=e({queryKey:[`pipeline`,l],queryFn:()=>h(l),staleTime:6e4});return u.isPending?(0,B.jsx)(i,{}):(0,B.jsx)(c,{title:u.data?.title||s,actions:(0,B.jsxs)(`div`,{className:`flex flex-wrap gap-4`,children:[u.data!==void 0&&(0,B.jsx)(H,{known:u.data}),(0,B.jsx)(t,{to:`/pipelines`,className:`text-accent underline`,children:o.pipelines.back})]}),children:u.isError?(0,B.jsx)(a,{error:u.error,retry:()=>void u.refetch()}):(0,B.jsx)(U,{known:u.data},u.data.id)})}function H({known:e}){let{session:n}=d();return g(e)?null:(0,B.jsxs)(B.Fragment,{children:[e.owner!==`printroom`&&n?.scopes.includes(`market:write`)&&(0,B.jsx)(t,{to:`/market/sell`,search:{kind:`pipeline`,name:e.name},className:`text-accent underline`,children:o.pipelines.offer}),(0,B.jsx)(t,{to:`/pipelines/$owner/$name/edit`,params:_(e),className:`text-accent underline`,children:e.owner===`printroom`?o.pipelines.editCopy:o.pipelines.edit}),e.owner!==`printroom`&&(0,B.jsx)(t,{to:`/pipelines/$owner/$name/compare`,params:_(e),className:`text-accent underline`,children:o.pipelines.versions})]})}function U({known:e}){let{session:t}=d(),[n,r]=(0,C.useState)({}),[i,a]=(0,C.useState)(null);return(0,B.jsxs)(`div`,{className:`grid gap-4 lg:grid-cols-2`,children:[(0,B.jsx)(s,{title:o.pipelines.form,children:(0,B.jsx)(v,{target:e.id,inputs:e.inputs,given:n,onGiven:r,charged:g(e),onRun:a})}),(0,B.jsxs)(`div`,{className:`grid content-start gap-4 min-w-0`,children:[i!==null&&(0,B.jsx)(y,{id:i}),(0,B.jsx)(s,{title:o.pipelines.code,children:(0,B.jsx)(m,{snippets:(g(e)?N:w)(e,n,t?.user!=null)})}),!g(e)&&(0,B.jsx)(s,{title:o.pipelines.drawing,children:(0,B.jsx)(W,{name:e.id})})]})]})}function W({name:t}){let n=e({queryKey:[`drawing`,t],queryFn:async()=>{let e=`${f}v1/pipelines/${t}`,n=await p(new Request(e,{headers:{accept:`image/svg+xml`}}));return URL.createObjectURL(await n.blob())},staleTime:1/0});return n.data===void 0?null:(0,B.jsx)(`div`,{tabIndex:0,role:`group`,"aria-label":o.pipelines.drawing,className:`overflow-auto rounded bg-[#fff] p-2`,children:(0,B.jsx)(`img`,{src:n.data,alt:o.pipelines.drawing,className:`max-w-none`})})}export{V as Pipeline};