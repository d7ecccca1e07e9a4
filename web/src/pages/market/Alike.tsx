// What makes pictures like one of this machine; the picture is sent, looked at, and deleted again.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, data } from '../../api/client'
import { alike, type Listing } from '../../api/market'
import { upload } from '../../api/upload'
import { t } from '../../texts/market'
import { Button, Empty, Fault, Loading } from '../../ui/parts'
import { Windows } from './Windows'

export interface Wanted {
  file: File
  /** Of this choice, since two files may look the same to a cache. */
  key: string
}

export function Alike({ wanted, onEnd }: { wanted: Wanted; onEnd: () => void }) {
  const found = useQuery({ queryKey: ['alike', wanted.key], queryFn: ({ signal }) => like(wanted.file, signal), staleTime: Infinity, gcTime: 0 })
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <Thumbnail file={wanted.file} />
        <p className="min-w-0 break-words">{t.alike.title(wanted.file.name)}</p>
        <Button onClick={onEnd}>{t.alike.end}</Button>
      </div>
      {found.isPending && <Loading />}
      {found.isError && <Fault error={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <Empty>{t.alike.none}</Empty>}
      <Windows listings={found.data ?? []} />
    </>
  )
}

async function like(file: File, signal: AbortSignal): Promise<Listing[]> {
  const { id } = await upload(file, file.name, () => undefined, signal)
  try {
    return await alike(id)
  } finally {
    void data(api.DELETE('/v1/files/{id}', { params: { path: { id } } })).catch(() => undefined) // else it goes with the other drafts
  }
}

function Thumbnail({ file }: { file: File }) {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    const made = URL.createObjectURL(file)
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [file])
  return <div className="size-16 overflow-hidden rounded border border-line bg-raised">{address !== undefined && <img src={address} alt="" decoding="async" className="size-full object-cover" />}</div>
}
