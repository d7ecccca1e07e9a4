// What the server refused, in its own words: problem+json -> Problem.

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly request: string | null = null,
  ) {
    super(message)
  }
}

/** Whatever came with a status that is no success. */
export async function problemOf(answer: Response): Promise<Problem> {
  const body: unknown = await answer.json().catch(() => null)
  return told(answer.status, body, answer.headers.get('x-request-id'))
}

/** The same, of a body that was read already. */
export function told(status: number, body: unknown, request: string | null = null): Problem {
  const found = (body ?? {}) as { detail?: unknown; code?: unknown }
  const detail = typeof found.detail === 'string' ? found.detail : `the server answered ${status}`
  return new Problem(status, typeof found.code === 'string' ? found.code : 'unknown', detail, request)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
