// A state: a word, a colour, and a shape for those who see no colours.

export function Look({ look: [shape, colour], children }: { look: readonly [string, string]; children: string }) {
  return (
    <span className={`inline-flex items-center gap-2 ${colour}`}>
      <span aria-hidden>{shape}</span>
      {children}
    </span>
  )
}
