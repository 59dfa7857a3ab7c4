// What operators may ask of the supervisor. What the node and the runtime tell it is typed, not parsed; the inputs of
// children are parsed by their own kinds, in the composition root and the control plane.
import { z } from 'zod';
import type { Schema } from '../runtime/actor.ts';

const key = z.string().regex(/^[a-z][a-z0-9-]{0,31}\/[^\s/][^\s]{0,127}$/, 'an actor key is kind/id');

export const schemas: { readonly [type: string]: Schema } = {
  ResumeActor: z.strictObject({ type: z.literal('ResumeActor'), key }),
  RemoveChild: z.strictObject({ type: z.literal('RemoveChild'), key }),
};
