// The memory of one QuickJS. Its maximum is the bound that holds: the engine's own limit does not count what many
// small objects cost (measured: 8 MB set, 450 MB used). Emscripten asks to grow through `grow` of this object, which
// is how we know that the bound was reached: inside, out of memory is at times no more than a thrown null, and a
// module may catch it.

const PAGE_BYTES = 64 * 1024;
/** What the build of QuickJS asks to start with. */
const INITIAL_PAGES = 256;

/** TypeScript has these types in the library of browsers only. */
interface Memory {
  grow(pages: number): number;
}
declare const WebAssembly: { readonly Memory: new (pages: { initial: number; maximum: number }) => Memory };

export interface BoundedMemory {
  readonly wasmMemory: Memory;
  begin(): void;
  /** Since begin, more was wanted than there may be. */
  exhausted(): boolean;
}

export function createMemory(maximumBytes: number): BoundedMemory {
  const wasmMemory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: maximumBytes / PAGE_BYTES });
  const grow = wasmMemory.grow.bind(wasmMemory);
  let refused = false;
  // Emscripten tries a generous step first and smaller ones after it: the last one counts.
  wasmMemory.grow = (pages) => {
    refused = true;
    const before = grow(pages);
    refused = false;
    return before;
  };
  return {
    wasmMemory,
    begin: () => {
      refused = false;
    },
    exhausted: () => refused,
  };
}
