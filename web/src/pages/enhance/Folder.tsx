// A button that lets somebody choose a folder.
import { useRef } from 'react'
import { Button } from '../../ui/parts'
import { type Chosen, isPicture, plain } from './dropped'

export function Folder({ take, children }: { take: (files: Chosen[]) => void; children: string }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <Button onClick={() => input.current?.click()}>{children}</Button>
      <input
        ref={(node) => {
          input.current = node
          node?.setAttribute('webkitdirectory', '')
        }}
        type="file"
        hidden
        data-testid="folder"
        onChange={(event) => take(takenFrom(event.target).filter(({ file }) => isPicture(file)))}
      />
    </>
  )
}

/** What was chosen; the input is ready for the same choice once more. */
export function takenFrom(input: HTMLInputElement): Chosen[] {
  const found = plain(input.files ?? [])
  input.value = ''
  return found
}
