// The way between the pages that are one place.
import { Link, type LinkProps } from '@tanstack/react-router'

export function Subpages({ label, pages }: { label: string; pages: readonly (readonly [LinkProps['to'], string])[] }) {
  return (
    <nav aria-label={label} className="flex flex-wrap gap-1">
      {pages.map(([path, name]) => (
        <Link
          key={path}
          to={path}
          activeOptions={{ exact: true }}
          className="inline-flex min-h-9 items-center rounded-md border border-transparent px-3 text-soft no-underline hover:bg-raised hover:text-text pointer-coarse:min-h-11 data-[status=active]:border-edge data-[status=active]:bg-sheet data-[status=active]:text-text"
        >
          {name}
        </Link>
      ))}
    </nav>
  )
}
