#!/usr/bin/env node
// The installed command. Runs on any Node from 20 on, and hands over to bin/meltica.ts on Node 24.
import { findSource, launch } from './launch.mjs';

launch(findSource('bin/meltica.ts'), process.argv.slice(2));
