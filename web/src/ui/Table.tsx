// A table that scrolls sideways where there is no room for it.
import type { ReactNode } from 'react'

export function Table({ label, heads, children }: { label: string; heads: [string, 'left' | 'right'][]; children: ReactNode }) {
  return (
    <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={label}>
      <table className="w-full min-w-96 border-collapse text-left">
        <thead className="text-soft">
          <tr>
            {heads.map(([head, side]) =>
              head === '' ? (
                <td key="" />
              ) : (
                <th key={head} scope="col" className={`px-2 pb-1 font-normal first:pl-0 last:pr-0 ${side === 'right' ? 'text-right' : ''}`}>
                  {head}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

export function Cell({ right, children, className = '' }: { right?: boolean; children: ReactNode; className?: string }) {
  return <td className={`border-t border-line px-2 py-1 align-top first:pl-0 last:pr-0 ${right ? 'text-right' : ''} ${className}`}>{children}</td>
}
