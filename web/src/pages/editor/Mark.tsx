// The mark of a port: a shape and a colour for each kind, so that neither is needed alone.
import { type Port, words } from '../pipelines/ports'

const SHAPES: Record<string, string> = {
  picture: 'M6 1.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6z',
  text: 'M1.6 1.6h8.8v8.8h-8.8z',
  number: 'M6 .6l5.4 5.4L6 11.4l-5.4-5.4z',
  choice: 'M6 .9l5.2 9.6h-10.4z',
  flag: 'M1.4 .8l9.8 5.2-9.8 5.2z',
  tensor: 'M6 .7l4.7 2.650v5.3L6 11.3l-4.7-2.650v-5.3z',
  model: 'M6 .4l1.5 3.7 4 .3-3.05 2.6.95 3.9L6 8.8l-3.4 2.1.95-3.9L.5 4.4l4-.3z',
}

export function Mark({ port }: { port: Port | undefined }) {
  const { type, item } = port === undefined ? { type: 'none', item: undefined } : words(port)
  const list = type === 'list'
  const kind = list ? words(item ?? 'text').type : type
  const shape = SHAPES[kind] ?? 'M2 5h8v2h-8z'
  return (
    <svg viewBox={list ? '-3 0 15 12' : '0 0 12 12'} className={`ed-mark ed-kind-${kind}`} aria-hidden>
      {list && <path d={shape} transform="translate(-2.5 0)" className="ed-behind" />}
      <path d={shape} />
    </svg>
  )
}
