// Before and after, over or beside each other, from the whole to single pixels. Both move together.
//
// The view is a scale (screen pixels for one of the result) and the place of its corner. Of pictures
// too large for a browser there is a reduced copy, and above it the part in sight, as sharp as the screen shows.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, type PointerEvent, type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { COPY, partOf } from '../../api/client'
import { writing } from '../../Shell'
import { t } from '../../texts/en'
import { Button } from '../../ui/parts'

interface View {
  scale: number
  x: number
  y: number
}
interface Stored {
  digest: string
  width: number | null
  height: number | null
}
interface Crop {
  url: string
  left: number
  top: number
  width: number
  height: number
}
interface Props {
  width: number
  height: number
  before: string | null
  after: string
  large: { before: Stored | null; after: Stored } | null
}
const CLOSEST = 32

export function Compare({ width, height, before, after, large }: Props) {
  const stage = useRef<HTMLDivElement>(null)
  const box = useBox(stage)
  const [view, setView] = useState<View | null>(null)
  const [edge, setEdge] = useState(50)
  const [sides, setSides] = useState(false)
  const [held, setHeld] = useState(false)
  const split = sides && before !== null
  const pane = { width: split ? box.width / 2 : box.width, height: box.height }
  const fit = fitted(width, height, pane)
  const now = view ?? fit
  const pixel = 1 / devicePixelRatio

  const zoom = useCallback(
    (factor: number, at?: { x: number; y: number }) => {
      setView((old) => {
        const from = old ?? fit
        const scale = Math.min(CLOSEST, Math.max(Math.min(fit.scale, pixel) / 2, from.scale * factor))
        const x = at?.x ?? pane.width / 2
        const y = at?.y ?? pane.height / 2
        return { scale, x: x - ((x - from.x) * scale) / from.scale, y: y - ((y - from.y) * scale) / from.scale }
      })
    },
    [fit, pane.width, pane.height, pixel],
  )
  const move = (x: number, y: number) => setView((old) => ({ ...(old ?? fit), x: (old ?? fit).x + x, y: (old ?? fit).y + y }))
  useWheel(stage, zoom, pane.width)
  useKeys({
    '+': () => zoom(1.5),
    '=': () => zoom(1.5),
    '-': () => zoom(1 / 1.5),
    '0': () => setView(null),
    '1': () => zoom(pixel / now.scale),
    s: () => setSides((old) => !old),
    b: () => setHeld(true),
  }, () => setHeld(false))
  const arrows = (event: KeyboardEvent) => {
    const by = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key]
    if (by === undefined || event.target !== event.currentTarget) return
    event.preventDefault()
    event.stopPropagation()
    move(by[0] ?? 0, by[1] ?? 0)
  }
  const drag = useDrag(move, zoom, stage)
  const show = { view: now, width, height, sharp: now.scale * devicePixelRatio > 1.5 }
  const beforeShare = before === null ? 0 : held ? 100 : edge
  return (
    <div className="grid min-h-0 grid-rows-[minmax(20rem,1fr)_auto]">
      <div
        ref={stage}
        role="group"
        aria-label={t.compare.stage}
        tabIndex={0}
        onKeyDown={arrows}
        {...drag}
        className="relative touch-none cursor-grab select-none overflow-hidden bg-ground active:cursor-grabbing focus-visible:-outline-offset-2"
      >
        {split && before !== null ? (
          <>
            <div className="absolute inset-y-0 left-0 w-1/2 overflow-hidden border-r border-edge">
              <Layer {...show} url={before} alt={t.compare.before} stored={large?.before ?? null} pane={pane} />
            </div>
            <div className="absolute inset-y-0 right-0 w-1/2 overflow-hidden">
              <Layer {...show} url={after} alt={t.compare.after} stored={large?.after ?? null} pane={pane} />
            </div>
          </>
        ) : (
          <>
            <Layer {...show} url={after} alt={t.compare.after} stored={large?.after ?? null} pane={pane} />
            {before !== null && (
              <div className="absolute inset-0" style={{ clipPath: `inset(0 ${100 - beforeShare}% 0 0)` }}>
                <Layer {...show} url={before} alt={t.compare.before} stored={large?.before ?? null} pane={pane} />
              </div>
            )}
          </>
        )}
        {before !== null && <Label side="left-2">{t.compare.before}</Label>}
        {!held && <Label side="right-2">{t.compare.after}</Label>}
        {before !== null && !split && !held && <Edge at={edge} onMove={setEdge} stage={stage} />}
      </div>
      <div className="flex flex-wrap items-center gap-2 border-t border-line px-3 py-2">
        {before !== null && (
          <>
            <Button aria-pressed={!sides} onClick={() => setSides(false)}>
              {t.compare.slider}
            </Button>
            <Button aria-pressed={sides} onClick={() => setSides(true)}>
              {t.compare.sides}
            </Button>
          </>
        )}
        <div className="ml-auto flex items-center gap-2">
          <Button aria-label={t.compare.farther} onClick={() => zoom(1 / 1.5)}>
            −
          </Button>
          <output className="w-14 text-center" aria-label={t.compare.label}>{`${Math.round(now.scale * devicePixelRatio * 100)} %`}</output>
          <Button aria-label={t.compare.closer} onClick={() => zoom(1.5)}>
            +
          </Button>
          <Button aria-pressed={view === null} onClick={() => setView(null)}>
            {t.compare.fit}
          </Button>
          <Button onClick={() => zoom(pixel / now.scale)}>{t.compare.full}</Button>
        </div>
      </div>
    </div>
  )
}

function Label({ side, children }: { side: string; children: string }) {
  return (
    <span aria-hidden className={`pointer-events-none absolute top-2 rounded bg-[#000b] px-2 text-[#fff] ${side}`}>
      {children}
    </span>
  )
}

/** One picture under the view. */
function Layer({
  url, alt, view, width, height, sharp, stored, pane,
}: {
  url: string
  alt: string
  view: View
  width: number
  height: number
  sharp: boolean
  stored: Stored | null
  pane: { width: number; height: number }
}) {
  const crop = useCrop(stored, view, width, height, pane)
  const [shown, setShown] = useState<'loading' | 'there' | 'unseen'>('loading')
  const size = { width: width * view.scale, height: height * view.scale }
  return (
    <div className="absolute top-0 left-0 origin-top-left" style={{ transform: `translate(${view.x}px, ${view.y}px)` }}>
      <img
        src={url}
        alt={alt}
        draggable={false}
        decoding="async"
        onLoad={() => setShown('there')}
        onError={() => setShown('unseen')}
        className={`max-w-none ${shown === 'there' ? 'checkered' : 'bg-raised text-transparent'}`}
        style={{ ...size, imageRendering: sharp ? 'pixelated' : 'auto' }}
      />
      {shown !== 'there' && (
        <p role="status" className="absolute inset-0 grid place-items-center text-soft" style={size}>
          {shown === 'unseen' ? t.compare.unseen : stored === null ? `${t.loading}…` : t.compare.layingOut}
        </p>
      )}
      {crop !== undefined && (
        <img
          src={crop.url}
          alt=""
          draggable={false}
          className="absolute max-w-none"
          style={{
            left: crop.left * view.scale,
            top: crop.top * view.scale,
            width: crop.width * view.scale,
            height: crop.height * view.scale,
            imageRendering: sharp ? 'pixelated' : 'auto',
          }}
        />
      )}
    </div>
  )
}

/** The part of a stored picture that is in sight, as sharp as the screen can show, once the view rests. */
function useCrop(stored: Stored | null, view: View, width: number, height: number, pane: { width: number; height: number }): Crop | undefined {
  const wanted = useRested(stored === null ? '' : inSight(stored, view, width, height, pane))
  const { data: crop } = useQuery({
    queryKey: ['crop', stored?.digest, wanted],
    queryFn: async (): Promise<Crop> => {
      const [left = 0, top = 0, w = 1, h = 1, across = 0] = wanted.split(',').map(Number)
      const url = await partOf(stored?.digest ?? '', [left, top, w, h].join(), across)
      const picture = new Image()
      picture.src = url
      await picture.decode() // so that it takes the place of the one before in one frame
      const ratio = width / (stored?.width ?? width)
      return { url, left: left * ratio, top: top * ratio, width: w * ratio, height: h * ratio }
    },
    enabled: stored !== null && wanted !== '',
    placeholderData: keepPreviousData,
    staleTime: 3600_000,
    gcTime: 10_000,
    retry: false,
  })
  return wanted === '' ? undefined : crop
}

/** Of the pane, on each side: what is drawn beyond the edge, so that small moves need nothing new. */
const MARGIN = 0.3

/**
 * `left,top,width,height,across`: a part in pixels of the stored picture, and how many it is reduced to, 0 = all;
 * empty while the copy is good enough.
 */
function inSight(stored: Stored, view: View, width: number, height: number, pane: { width: number; height: number }): string {
  const own = stored.width ?? width
  const ratio = own / width
  const dots = view.scale * devicePixelRatio
  if (dots * width <= COPY) return ''
  const step = 2 ** Math.round(Math.log2((128 * ratio) / dots))
  const span = (from: number, size: number, most: number): [number, number] => {
    const first = Math.max(0, Math.floor(((-from - MARGIN * size) / view.scale) * (ratio / step)) * step)
    const last = Math.min(most, Math.ceil((((1 + MARGIN) * size - from) / view.scale) * (ratio / step)) * step)
    return [Math.floor(first), Math.ceil(last) - Math.floor(first)]
  }
  const [left, wide] = span(view.x, pane.width, own)
  const [top, high] = span(view.y, pane.height, stored.height ?? height)
  if (wide <= 0 || high <= 0) return ''
  const across = Math.ceil((wide / ratio) * dots)
  return [left, top, wide, high, across < wide ? across : 0].join()
}

function useRested(value: string): string {
  const [rested, setRested] = useState(value)
  useEffect(() => {
    const clock = setTimeout(() => setRested(value), 120)
    return () => clearTimeout(clock)
  }, [value])
  return rested
}

function Edge({ at, onMove, stage }: { at: number; onMove: (at: number) => void; stage: RefObject<HTMLDivElement | null> }) {
  const drag = (event: PointerEvent) => {
    event.stopPropagation()
    if (event.type === 'pointerdown') event.currentTarget.setPointerCapture(event.pointerId)
    const box = stage.current?.getBoundingClientRect()
    if (event.buttons === 0 || box === undefined) return
    onMove(Math.min(100, Math.max(0, (100 * (event.clientX - box.left)) / box.width)))
  }
  const press = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -2, ArrowRight: 2, Home: -100, End: 100 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    onMove(Math.min(100, Math.max(0, at + by)))
  }
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={t.compare.edge}
      aria-valuenow={Math.round(at)}
      aria-valuemin={0}
      aria-valuemax={100}
      onPointerDown={drag}
      onPointerMove={drag}
      onKeyDown={press}
      className="absolute inset-y-0 -ml-5 w-10 cursor-ew-resize touch-none"
      style={{ left: `${at}%` }}
    >
      <div className="mx-auto h-full w-[2px] bg-[#fff] shadow-[0_0_0_1px_#000a]" />
      <div className="absolute top-1/2 left-1/2 size-9 -translate-1/2 rounded-full border border-[#000a] bg-[#fff] text-center leading-9 text-[#1b1b1b]" aria-hidden>
        ↔
      </div>
    </div>
  )
}

function fitted(width: number, height: number, pane: { width: number; height: number }): View {
  const scale = Math.max(0.001, Math.min(pane.width / width, pane.height / height, Math.max(1, 1 / devicePixelRatio)))
  return { scale, x: (pane.width - width * scale) / 2, y: (pane.height - height * scale) / 2 }
}

function useBox(element: RefObject<HTMLElement | null>): { width: number; height: number } {
  const [box, setBox] = useState({ width: 800, height: 600 })
  useLayoutEffect(() => {
    const now = element.current
    if (now === null) return
    const watch = new ResizeObserver(() => setBox({ width: now.clientWidth, height: now.clientHeight }))
    watch.observe(now)
    setBox({ width: now.clientWidth, height: now.clientHeight })
    return () => watch.disconnect()
  }, [element])
  return box
}

function useWheel(stage: RefObject<HTMLElement | null>, zoom: (factor: number, at: { x: number; y: number }) => void, pane: number) {
  useEffect(() => {
    const now = stage.current
    if (now === null) return
    const turn = (event: WheelEvent) => {
      event.preventDefault()
      const box = now.getBoundingClientRect()
      zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), { x: (event.clientX - box.left) % Math.max(1, pane), y: event.clientY - box.top })
    }
    now.addEventListener('wheel', turn, { passive: false })
    return () => now.removeEventListener('wheel', turn)
  }, [stage, zoom, pane])
}

/** One finger or button moves, two fingers zoom. */
function useDrag(move: (x: number, y: number) => void, zoom: (factor: number, at: { x: number; y: number }) => void, stage: RefObject<HTMLElement | null>) {
  const fingers = useRef(new Map<number, { x: number; y: number }>())
  const down = (event: PointerEvent) => {
    event.currentTarget.setPointerCapture(event.pointerId)
    fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY })
  }
  const drag = (event: PointerEvent) => {
    const old = fingers.current.get(event.pointerId)
    if (old === undefined) return
    const others = [...fingers.current].filter(([id]) => id !== event.pointerId).map(([, place]) => place)
    const other = others[0]
    if (other === undefined) move(event.clientX - old.x, event.clientY - old.y)
    else {
      const box = stage.current?.getBoundingClientRect()
      const was = Math.hypot(old.x - other.x, old.y - other.y)
      const is = Math.hypot(event.clientX - other.x, event.clientY - other.y)
      zoom(is / Math.max(1, was), { x: other.x - (box?.left ?? 0), y: other.y - (box?.top ?? 0) })
    }
    fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY })
  }
  const up = (event: PointerEvent) => fingers.current.delete(event.pointerId)
  return { onPointerDown: down, onPointerMove: drag, onPointerUp: up, onPointerCancel: up }
}

function useKeys(keys: Record<string, () => void>, onUp: () => void) {
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      if (writing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return
      keys[event.key.toLowerCase()]?.()
    }
    const release = (event: globalThis.KeyboardEvent) => event.key.toLowerCase() === 'b' && onUp()
    addEventListener('keydown', press)
    addEventListener('keyup', release)
    return () => {
      removeEventListener('keydown', press)
      removeEventListener('keyup', release)
    }
  })
}
