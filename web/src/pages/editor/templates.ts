// Pipelines to begin with.
import { e } from '../../texts/editor'
import type { Spec } from './spec'

export interface Template {
  title: string
  hint: string
  spec: Spec
}

const of = ([title = '', hint = '']: string[], spec: Spec): Template => ({ title, hint, spec })

/** What comes with printroom has its name; a copy needs one of its own. */
export const copyOf = (spec: Spec): Spec => ({ ...spec, name: `my-${spec.name}` })

export const templates: Template[] = [
  of(e.fresh.empty, { name: 'my-pipeline', inputs: { image: 'picture' }, steps: {}, outputs: { image: '' } }),
  of(e.fresh.mend, {
    name: 'mend-and-enlarge',
    inputs: { image: 'picture', scale: { type: 'choice', of: [1, 2, 4], default: 2 } },
    steps: {
      clean: { use: 'denoise', with: { image: '$image' } },
      large: { use: 'upscale', with: { image: '$clean.image', scale: '$scale' } },
    },
    outputs: { image: '$large.image' },
  }),
  of(e.fresh.needed, {
    name: 'only-what-is-needed',
    inputs: { image: 'picture' },
    steps: {
      faults: { use: 'inspect', with: { image: '$image' } },
      clean: { use: 'denoise', with: { image: '$image' }, when: '$faults.noise' },
    },
    outputs: { image: '$clean.image', why: '$faults.why' },
  }),
]
