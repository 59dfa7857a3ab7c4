// npm run docs: writes the documents that are made from programs.
import fs from 'node:fs';
import * as conformance from '../conformance/document.ts';
import * as order from './order.ts';

for (const [file, text] of [
  [order.FILE, order.orderDocument()],
  [conformance.FILE, conformance.conformanceDocument()],
] as const) {
  fs.writeFileSync(file, text);
  console.log(file);
}
