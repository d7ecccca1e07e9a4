import{t as e}from"./useQuery-DK-yh5d0.js";import{t}from"./link-BlUy7fGZ.js";import{w as n}from"./index-BG8r28Z5.js";import{S as r,c as i,o as a,p as o,r as s,u as c,v as l,y as u}from"./parts-D6pcTx3v.js";import{_ as d,b as f,l as p}from"./client-D7cFitaw.js";import{t as m}from"./Snippets-Bv4Sp1cx.js";import{i as h,n as g,r as _}from"./api-b7Ud1T87.js";import{n as v,t as y}from"./RunForm-BIEbW5Ai.js";import{n as b}from"./ports-CwbJcF2y.js";import{i as x,n as S,r as C,t as w}from"./snippets-og8_NIcD.js";var T=r(u(),1),E=`${f}v1/runs`;function D(e,t,n){let[r,i]=x(e,t),a=[...O(e,r),...i.map(([e,t])=>({name:e,value:t}))],o=e.id.replace(/@.*$/,``);return[{name:`curl`,code:j(o,a,n)},{name:`Python`,code:M(o,a,n)},{name:`JavaScript`,code:N(o,a,n)}]}function O(e,t){return[...new Set(t.map(([e])=>e))].map(n=>({name:n,files:t.filter(([e])=>e===n).map(([,e])=>e),several:b(e.inputs[n]??`text`)}))}var k=(e,t,n)=>{if(!(`files`in e))return n(e.value);let r=e.files.map(t);return e.several?`[${r.join(`, `)}]`:r[0]??``},A=e=>`image/${/\.(png|webp|tiff?|avif|heic)$/i.exec(e)?.[1]?.toLowerCase().replace(/^tif$/,`tiff`)??`jpeg`}`;function j(e,t,n){let r=e=>`"data:${A(e)};base64,'; base64 ${S(e)} | tr -d '\\n'; printf '%s' '"`;return[`{ printf '%s' '{"target": "${e}", "input": {${t.map(e=>`"${e.name}": ${k(e,r,e=>JSON.stringify(e).replaceAll(`'`,`'\\''`))}`).join(`, `)}}}'; } |`,`  curl --fail-with-body -H "prefer: wait=60" -H "content-type: application/json" \\`,...n?[`  -H "Authorization: Bearer $PRINTROOM_KEY" \\`]:[],`  -d @- -o result.json ${S(E)}`].join(`
`)}function M(e,t,n){let r=t.map(e=>`    ${JSON.stringify(e.name)}: ${k(e,e=>`picture(${JSON.stringify(e)})`,w)},`);return`import base64
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
with urlopen(Request(${JSON.stringify(E)}, body, headers)) as answer:
    Path("result.json").write_bytes(answer.read())`}function N(e,t,n){return`import { readFile, writeFile } from 'node:fs/promises'

const picture = async (name) => \`data:image/jpeg;base64,\${(await readFile(name)).toString('base64')}\`
const input = {
${t.map(e=>`  ${JSON.stringify(e.name)}: ${k(e,e=>`await picture(${JSON.stringify(e)})`,e=>JSON.stringify(e))},`).join(`
`)}
}
const answer = await fetch(${JSON.stringify(E)}, {
  method: 'POST',
  headers: { 'content-type': 'application/json', prefer: 'wait=60'${n?", authorization: `Bearer ${process.env.PRINTROOM_KEY}`":``} },
  body: JSON.stringify({ target: ${JSON.stringify(e)}, input }),
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.json', await answer.text())`}var P=l();function F(){let{owner:r,name:s}=n({strict:!1}),l=r===void 0?s:`${r}/${s}`,u=e({queryKey:[`pipeline`,l],queryFn:()=>h(l),staleTime:6e4});return u.isPending?(0,P.jsx)(i,{}):(0,P.jsx)(c,{title:u.data?.title||s,actions:(0,P.jsxs)(`div`,{className:`flex flex-wrap gap-4`,children:[u.data!==void 0&&(0,P.jsx)(I,{known:u.data}),(0,P.jsx)(t,{to:`/pipelines`,className:`text-accent underline`,children:o.pipelines.back})]}),children:u.isError?(0,P.jsx)(a,{error:u.error,retry:()=>void u.refetch()}):(0,P.jsx)(L,{known:u.data},u.data.id)})}function I({known:e}){let{session:n}=d();return g(e)?null:(0,P.jsxs)(P.Fragment,{children:[e.owner!==`printroom`&&n?.scopes.includes(`market:write`)&&(0,P.jsx)(t,{to:`/market/sell`,search:{kind:`pipeline`,name:e.name},className:`text-accent underline`,children:o.pipelines.offer}),(0,P.jsx)(t,{to:`/pipelines/$owner/$name/edit`,params:_(e),className:`text-accent underline`,children:e.owner===`printroom`?o.pipelines.editCopy:o.pipelines.edit}),e.owner!==`printroom`&&(0,P.jsx)(t,{to:`/pipelines/$owner/$name/compare`,params:_(e),className:`text-accent underline`,children:o.pipelines.versions})]})}function L({known:e}){let{session:t}=d(),[n,r]=(0,T.useState)({}),[i,a]=(0,T.useState)(null);return(0,P.jsxs)(`div`,{className:`grid gap-4 lg:grid-cols-2`,children:[(0,P.jsx)(s,{title:o.pipelines.form,children:(0,P.jsx)(v,{target:e.id,inputs:e.inputs,given:n,onGiven:r,charged:g(e),onRun:a})}),(0,P.jsxs)(`div`,{className:`grid content-start gap-4 min-w-0`,children:[i!==null&&(0,P.jsx)(y,{id:i}),(0,P.jsx)(s,{title:o.pipelines.code,children:(0,P.jsx)(m,{snippets:(g(e)?D:C)(e,n,t?.user!=null)})}),!g(e)&&(0,P.jsx)(s,{title:o.pipelines.drawing,children:(0,P.jsx)(R,{name:e.id})})]})]})}function R({name:t}){let n=e({queryKey:[`drawing`,t],queryFn:async()=>{let e=`${f}v1/pipelines/${t}`,n=await p(new Request(e,{headers:{accept:`image/svg+xml`}}));return URL.createObjectURL(await n.blob())},staleTime:1/0});return n.data===void 0?null:(0,P.jsx)(`div`,{tabIndex:0,role:`group`,"aria-label":o.pipelines.drawing,className:`overflow-auto rounded bg-[#fff] p-2`,children:(0,P.jsx)(`img`,{src:n.data,alt:o.pipelines.drawing,className:`max-w-none`})})}export{F as Pipeline};