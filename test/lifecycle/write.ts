// npm run docs: writes the documents that are made from programs.
import fs from 'node:fs';
import { FILE, orderDocument } from './order.ts';

fs.writeFileSync(FILE, orderDocument());
console.log(FILE);
