// What keys do on a page, as a sheet.
import { t } from '../texts/en'
import { Button } from './parts'
import { Sheet } from './Sheet'

export function Keys({ title, rows, onClose }: { title: string; rows: readonly (readonly string[])[]; onClose: () => void }) {
  return (
    <Sheet label={title} onClose={onClose}>
      <h2>{title}</h2>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
        {rows.map(([key, what]) => (
          <div key={key} className="contents">
            <dt className="font-mono">{key}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <Button onClick={onClose}>{t.keys.close}</Button>
    </Sheet>
  )
}
