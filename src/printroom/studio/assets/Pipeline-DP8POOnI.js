import{t as e}from"./useQuery-DxllJnbt.js";import{J as t,_ as n,a as r,b as i,d as a,l as o,n as s,o as c}from"./client-DG2E4x0k.js";import{t as l}from"./link-CP1P5dfN.js";import{S as u,_ as d,l as f}from"./index-BN1aYIFi.js";import{S as p,c as m,n as h,o as g,p as _,r as v,t as y,u as b,v as x,y as ee}from"./parts-BNRyQ0rm.js";import{i as S,n as C,o as w,s as T,t as E}from"./runs-C4pQuqmB.js";import{Snippets as D}from"./Snippets-CfaKxuFW.js";import{i as O,n as k,r as A}from"./api-CgsDkP-C.js";import{n as te,r as j,t as M}from"./Results-Bnzn36fa.js";import{a as N,n as P,t as F}from"./ports-CwbJcF2y.js";var I=p(ee(),1);async function L(e,t,n){let i=t;return{target:e,input:i,credits:(n?null:await r(s.POST(`/v1/quotes`,{body:{target:e,input:i}})))?.terms?.quote??0,key:a()}}var R=({target:e,input:t,key:n})=>c(n=>r(s.POST(`/v1/runs`,{params:{header:n},body:{target:e,input:t,output:{format:null}}})),n),z=x();function B({credits:e,busy:t,onRun:n,onCancel:r}){return(0,z.jsxs)(`div`,{role:`status`,className:`grid gap-2 rounded-md border border-edge p-3`,children:[(0,z.jsx)(`p`,{children:_.pipelines.costs(d(e))}),(0,z.jsxs)(`div`,{className:`flex flex-wrap gap-2`,children:[(0,z.jsx)(h,{kind:`first`,disabled:t,onClick:n,children:_.pipelines.pay(d(e))}),(0,z.jsx)(h,{onClick:r,children:_.cancel})]})]})}function V(e,t,n){let r=`${i}v1/pipelines/${encodeURIComponent(e.id).replaceAll(`%40`,`@`).replaceAll(`%2F`,`/`)}`,[a,o]=H(e,t);return[{name:`curl`,code:G(r,a,o,n)},{name:`Python`,code:K(r,e,a,o,n)},{name:`JavaScript`,code:J(r,a,o,n)}]}function H(e,t){let n=[],r=[];for(let[i,a]of Object.entries(e.inputs)){let e=t[i],o=N(a).default;if(F(a)||P(a)){let t=e??[];for(let e of t.length>0?t.map(e=>e.name):[`photo.jpg`])n.push([i,e])}else e!==void 0&&e!==``?r.push([i,e]):o!=null&&r.push([i,o])}return[n,r]}var U=e=>`'${e.replaceAll(`'`,`'\\''`)}'`,W=e=>typeof e==`string`?e:JSON.stringify(e);function G(e,t,n,r){return[`curl --fail-with-body`,...r?[`-H "Authorization: Bearer $PRINTROOM_KEY"`]:[],...t.map(([e,t])=>`-F ${U(`${e}=@"${t}"`)}`),...n.map(([e,t])=>`-F ${U(`${e}=${W(t)}`)}`),...t.length+n.length===0?[`-X POST`,`-H 'content-type: application/json'`,`-d '{}'`]:[],`-o result.json ${U(e)}`].join(` \\
  `)}function K(e,t,n,r,i){let a=e=>P(t.inputs[e]??`text`),o=[...new Set(n.map(([e])=>e))].map(e=>{let t=n.filter(([t])=>t===e).map(([,e])=>`picture(${JSON.stringify(e)})`);return`    ${JSON.stringify(e)}: ${a(e)?`[${t.join(`, `)}]`:t[0]},`}),s=r.map(([e,t])=>`    ${JSON.stringify(e)}: ${q(t)},`);return`import base64
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
    Path("result.json").write_bytes(answer.read())`}function q(e){return e===!0?`True`:e===!1?`False`:JSON.stringify(e)}function J(e,t,n,r){return`import { readFile, writeFile } from 'node:fs/promises'

const body = new FormData()
${[...t.map(([e,t])=>`body.append(${JSON.stringify(e)}, new Blob([await readFile(${JSON.stringify(t)})]), ${JSON.stringify(t)})`),...n.map(([e,t])=>`body.append(${JSON.stringify(e)}, ${JSON.stringify(W(t))})`)].join(`
`)}
const answer = await fetch(${JSON.stringify(e)}, {
  method: 'POST',${r?"\n  headers: { authorization: `Bearer ${process.env.PRINTROOM_KEY}` },":``}
  body,
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.json', await answer.text())`}var Y=`${i}v1/runs`;function X(e,t,n){let[r,i]=H(e,t),a=[...Z(e,r),...i.map(([e,t])=>({name:e,value:t}))],o=e.id.replace(/@.*$/,``);return[{name:`curl`,code:re(o,a,n)},{name:`Python`,code:ie(o,a,n)},{name:`JavaScript`,code:ae(o,a,n)}]}function Z(e,t){return[...new Set(t.map(([e])=>e))].map(n=>({name:n,files:t.filter(([e])=>e===n).map(([,e])=>e),several:P(e.inputs[n]??`text`)}))}var Q=(e,t,n)=>{if(!(`files`in e))return n(e.value);let r=e.files.map(t);return e.several?`[${r.join(`, `)}]`:r[0]??``},ne=e=>`image/${/\.(png|webp|tiff?|avif|heic)$/i.exec(e)?.[1]?.toLowerCase().replace(/^tif$/,`tiff`)??`jpeg`}`;function re(e,t,n){let r=e=>`"data:${ne(e)};base64,'; base64 ${U(e)} | tr -d '\\n'; printf '%s' '"`;return[`{ printf '%s' '{"target": "${e}", "input": {${t.map(e=>`"${e.name}": ${Q(e,r,e=>JSON.stringify(e).replaceAll(`'`,`'\\''`))}`).join(`, `)}}}'; } |`,`  curl --fail-with-body -H "prefer: wait=60" -H "content-type: application/json" \\`,...n?[`  -H "Authorization: Bearer $PRINTROOM_KEY" \\`]:[],`  -d @- -o result.json ${U(Y)}`].join(`
`)}function ie(e,t,n){let r=t.map(e=>`    ${JSON.stringify(e.name)}: ${Q(e,e=>`picture(${JSON.stringify(e)})`,q)},`);return`import base64
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
with urlopen(Request(${JSON.stringify(Y)}, body, headers)) as answer:
    Path("result.json").write_bytes(answer.read())`}function ae(e,t,n){return`import { readFile, writeFile } from 'node:fs/promises'

const picture = async (name) => \`data:image/jpeg;base64,\${(await readFile(name)).toString('base64')}\`
const input = {
${t.map(e=>`  ${JSON.stringify(e.name)}: ${Q(e,e=>`await picture(${JSON.stringify(e)})`,e=>JSON.stringify(e))},`).join(`
`)}
}
const answer = await fetch(${JSON.stringify(Y)}, {
  method: 'POST',
  headers: { 'content-type': 'application/json', prefer: 'wait=60'${n?", authorization: `Bearer ${process.env.PRINTROOM_KEY}`":``} },
  body: JSON.stringify({ target: ${JSON.stringify(e)}, input }),
})
if (!answer.ok) throw new Error((await answer.json()).detail)
await writeFile('result.json', await answer.text())`}function oe(){let{owner:t,name:n}=u({strict:!1}),r=t===void 0?n:`${t}/${n}`,i=e({queryKey:[`pipeline`,r],queryFn:()=>O(r),staleTime:6e4});return i.isPending?(0,z.jsx)(m,{}):(0,z.jsx)(b,{title:i.data?.title||n,actions:(0,z.jsxs)(`div`,{className:`flex flex-wrap gap-4`,children:[i.data!==void 0&&(0,z.jsx)($,{known:i.data}),(0,z.jsx)(l,{to:`/pipelines`,className:`text-accent underline`,children:_.pipelines.back})]}),children:i.isError?(0,z.jsx)(g,{error:i.error,retry:()=>void i.refetch()}):(0,z.jsx)(se,{known:i.data},i.data.id)})}function $({known:e}){let{session:t}=n();return k(e)?null:(0,z.jsxs)(z.Fragment,{children:[e.owner!==`printroom`&&t?.scopes.includes(`market:write`)&&(0,z.jsx)(l,{to:`/market/sell`,search:{kind:`pipeline`,name:e.name},className:`text-accent underline`,children:_.pipelines.offer}),(0,z.jsx)(l,{to:`/pipelines/$owner/$name/edit`,params:A(e),className:`text-accent underline`,children:e.owner===`printroom`?_.pipelines.editCopy:_.pipelines.edit}),e.owner!==`printroom`&&(0,z.jsx)(l,{to:`/pipelines/$owner/$name/compare`,params:A(e),className:`text-accent underline`,children:_.pipelines.versions})]})}function se({known:e}){let r=t(),{session:i}=n(),[a,o]=(0,I.useState)({}),[s,c]=(0,I.useState)(null),[l,u]=(0,I.useState)(null),d=f(),p=async e=>{let t=await R(e);u(null),S(r,t),c(t.id)},m=t=>{t.preventDefault(),d.run(async()=>{let t=await L(e.id,await j(e.inputs,a),!k(e));t.credits>0?u(t):await p(t)})},y=(e,t)=>{u(null),o({...a,[e]:t})};return(0,z.jsxs)(`div`,{className:`grid gap-4 lg:grid-cols-2`,children:[(0,z.jsxs)(v,{title:_.pipelines.form,children:[(0,z.jsxs)(`form`,{onSubmit:m,className:`grid gap-4`,children:[Object.entries(e.inputs).map(([e,t])=>(0,z.jsx)(te,{name:e,port:t,value:a[e],onChange:t=>y(e,t)},e)),l===null&&(0,z.jsx)(`div`,{children:(0,z.jsx)(h,{kind:`first`,type:`submit`,disabled:d.busy,children:d.busy?_.pipelines.running:_.pipelines.run})})]}),l!==null&&(0,z.jsx)(B,{credits:l.credits,busy:d.busy,onRun:()=>void d.run(()=>p(l)),onCancel:()=>u(null)}),d.fault!==null&&(0,z.jsx)(g,{error:d.fault})]}),(0,z.jsxs)(`div`,{className:`grid content-start gap-4 min-w-0`,children:[s!==null&&(0,z.jsx)(ce,{id:s}),(0,z.jsx)(v,{title:_.pipelines.code,children:(0,z.jsx)(D,{snippets:(k(e)?X:V)(e,a,i?.user!=null)})}),!k(e)&&(0,z.jsx)(v,{title:_.pipelines.drawing,children:(0,z.jsx)(le,{name:e.id})})]})]})}function ce({id:n}){let i=t(),a=e({queryKey:[`run`,n],queryFn:()=>r(s.GET(`/v1/runs/{id}`,{params:{path:{id:n}}})),refetchInterval:e=>e.state.data!==void 0&&!C(e.state.data)&&2e3}).data,o=T(n),c=f();if(w(),a===void 0)return(0,z.jsx)(m,{});let{done:u,tiles:d}=o?.data??{};return(0,z.jsxs)(v,{title:_.pipelines.result,children:[(0,z.jsx)(`p`,{role:`status`,className:a.status===`failed`?`text-danger`:`text-soft`,children:a.status===`failed`?a.error?.message:_.runs.states[a.status]}),!C(a)&&(0,z.jsxs)(z.Fragment,{children:[(0,z.jsx)(y,{part:d===void 0?null:(u??0)/Math.max(1,d),label:_.pipelines.result}),(0,z.jsx)(`div`,{children:(0,z.jsx)(h,{disabled:c.busy,onClick:()=>void c.run(()=>E(i,n)),children:_.cancel})})]}),c.fault!==null&&(0,z.jsx)(g,{error:c.fault}),a.output!==null&&(0,z.jsx)(M,{run:a}),(0,z.jsx)(l,{to:`/runs/$id`,params:{id:n},className:`text-accent underline`,children:_.runs.timeline})]})}function le({name:t}){let n=e({queryKey:[`drawing`,t],queryFn:async()=>{let e=`${i}v1/pipelines/${t}`,n=await o(new Request(e,{headers:{accept:`image/svg+xml`}}));return URL.createObjectURL(await n.blob())},staleTime:1/0});return n.data===void 0?null:(0,z.jsx)(`div`,{tabIndex:0,role:`group`,"aria-label":_.pipelines.drawing,className:`overflow-auto rounded bg-[#fff] p-2`,children:(0,z.jsx)(`img`,{src:n.data,alt:_.pipelines.drawing,className:`max-w-none`})})}export{oe as Pipeline};