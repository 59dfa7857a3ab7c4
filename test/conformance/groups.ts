// All cases, by what they are about.
import { AMENDING } from './amending.ts';
import { ASKING } from './asking.ts';
import { CANCELING } from './canceling.ts';
import type { Conformance } from './case.ts';
import { CONNECTING } from './connecting.ts';
import { DOUBTING } from './doubting.ts';
import { FEEDING } from './feeding.ts';
import { FILLING } from './filling.ts';
import { REPORTING } from './reporting.ts';
import { STOPPING } from './stopping.ts';
import { SUBMITTING } from './submitting.ts';

export const GROUPS: readonly (readonly [title: string, cases: readonly Conformance[]])[] = [
  ['Connecting', CONNECTING],
  ['Submitting', SUBMITTING],
  ['Doubt', DOUBTING],
  ['Cancelling', CANCELING],
  ['Fills', FILLING],
  ['Stop orders', STOPPING],
  ['Amending', AMENDING],
  ['Asking', ASKING],
  ['Reports', REPORTING],
  ['Market data', FEEDING],
];
