/** The house rules that a compiler does not know. Each test lists every place that breaks its rule. */
import { type SourceFile, circles, sourceFile, sourceTree } from './support/source-tree';

const files = sourceTree();
const product = files.filter(({ path }) => /^(wire|log|controller|src|mirror)\//.test(path));
const byPath = new Map(files.map((file) => [file.path, file]));

/** Floor -> the floors it may import from, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  log: ['wire'],
  controller: ['wire', 'log'],
  src: ['wire', 'log', 'controller'],
  mirror: ['wire'],
  test: ['wire', 'log', 'controller', 'src', 'mirror', 'benchmarks', 'scripts'],
  benchmarks: ['wire', 'log', 'controller', 'src', 'mirror', 'test'],
};

const floorOf = (path: string): string => path.split('/', 1)[0] ?? '';

/** The bindings of the ports to the real world, the command line and worker entries. */
function isBinding(path: string): boolean {
  return /^(wire\/base|log)\/node-[^/]+\.ts$/.test(path) || path.startsWith('src/cli/') || path.endsWith('-worker.ts');
}

const AMBIENT = [
  ...['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'],
  ...['clearImmediate', 'queueMicrotask', 'WebSocket', 'Worker', 'BroadcastChannel', 'MessageChannel'],
];
const AMBIENT_MEMBERS = [
  ...[
    'Math.random',
    'process.exit',
    'process.on',
    'process.once',
    'process.nextTick',
    'process.hrtime',
    'process.uptime',
  ],
  ...['process.env', 'process.argv', 'crypto.randomBytes', 'crypto.getRandomValues', 'crypto.randomUUID'],
];
const AMBIENT_MODULES =
  /^(node:)?(fs|net|dns|tls|stream|timers|worker_threads|child_process|perf_hooks|https?|http2|dgram|cluster|async_hooks|readline|os)(\/promises)?$/;

const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  // Formats a time that it is given.
  'src/observe/log-line.ts': ['Date'],
  // Reads its own code, which the package brings as a file.
  'wire/record/codecs/zstd-wasm.ts': ['node:fs'],
};

/** Synchronous, and the same output for the same input: what a pure core may end up in. */
const DETERMINISTIC = /^(node:(zlib|crypto|buffer|util|path)|lz4-napi|snappy|@bokuweb\/zstd-wasm)$/;

/** Values that Node makes may come from another realm (jest's), where these are other classes. */
const REALM_BOUND = new Set([
  'Error',
  'TypeError',
  'RangeError',
  'ArrayBuffer',
  'SharedArrayBuffer',
  'Map',
  'Set',
  'Promise',
  'Date',
  'Array',
  'Object',
]);

function isHarmless(path: string, specifier: string): boolean {
  return DETERMINISTIC.test(specifier) || (MAY_USE[path] ?? []).includes(specifier);
}

const listed = (places: Iterable<SourceFile>): string[] => [...places].map(({ path }) => path);

describe('the house', () => {
  test('has floors that import only what lies below them', () => {
    const wrong = files.flatMap(({ path, imports }) => {
      const floor = floorOf(path);
      const allowed = [floor, ...(MAY_IMPORT[floor] ?? []), ...(path.startsWith('src/cli/') ? ['mirror'] : [])];
      return imports
        .filter(({ target }) => target !== null && !allowed.includes(floorOf(target)) && target !== 'package.json')
        .map(({ specifier }) => `${path} imports ${specifier}`);
    });
    expect(wrong).toEqual([]);
  });

  test('has no circles among its imports, type imports included', () => {
    expect(circles(files).map((circle) => circle.join(' -> '))).toEqual([]);
  });

  test('reaches clock, chance, sockets and disk only through its bindings', () => {
    const wrong = product
      .filter(({ path }) => !isBinding(path))
      .flatMap((file) => {
        const allowed = MAY_USE[file.path] ?? [];
        return [
          ...AMBIENT.filter((name) => file.identifiers.has(name) && !allowed.includes(name)),
          ...AMBIENT_MEMBERS.filter((name) => file.members.has(name)),
          ...file.imports
            .filter(({ specifier, isTypeOnly }) => !isTypeOnly && AMBIENT_MODULES.test(specifier))
            .map(({ specifier }) => specifier)
            .filter((specifier) => !allowed.includes(specifier)),
        ].map((name) => `${file.path} uses ${name}`);
      });
    expect(wrong).toEqual([]);
  });

  test('has pure cores: without promises, packages, Node or bindings, and so is all that they import', () => {
    const wrong = product
      .filter(({ path }) => path.endsWith('-core.ts'))
      .flatMap((core) => {
        const outside = [...reachable(core)].flatMap((file) =>
          file.imports
            .filter(({ isTypeOnly, target, specifier }) =>
              isTypeOnly ? false : target === null ? !isHarmless(file.path, specifier) : isBinding(target),
            )
            .map(({ specifier }) => `${core.path} reaches ${specifier} through ${file.path}`),
        );
        return core.isAsync || core.identifiers.has('Promise') ? [...outside, `${core.path} is asynchronous`] : outside;
      });
    expect(wrong).toEqual([]);
  });
});

describe('a file', () => {
  test('has at most 400 lines', () => {
    const long = product.filter(({ text }) => text.trimEnd().split('\n').length > 400);
    expect(listed(long)).toEqual([]);
  });

  test('uses no any, and silences neither the compiler nor the linter', () => {
    expect(listed(files.filter(({ usesAny }) => usesAny))).toEqual([]);
    const silenced = /@ts-(ignore|nocheck)|(eslint|oxlint)-disable/;
    expect(listed(files.filter(({ text, path }) => silenced.test(text) && path !== 'test/tidy.test.ts'))).toEqual([]);
    // A test may state that something does not compile.
    expect(listed(product.filter(({ text }) => text.includes('@ts-expect-error')))).toEqual([]);
  });

  test('has no default export, and passes on no other file (the library entry does)', () => {
    expect(listed(files.filter(({ hasDefaultExport }) => hasDefaultExport))).toEqual([]);
    expect(listed(files.filter(({ reExports, path }) => reExports.length > 0 && path !== 'src/index.ts'))).toEqual([]);
  });

  test('keeps no state of the module', () => {
    // A binding may remember what it found out once for the whole process.
    const wrong = product
      .filter(({ path }) => !isBinding(path))
      .flatMap(({ path, moduleVariables }) => moduleVariables.map((name) => `${path}: let ${name}`));
    expect(wrong).toEqual([]);
  });

  test('asks for the class of nothing that may come from another realm', () => {
    const wrong = product.flatMap(({ path, instanceOf }) =>
      [...instanceOf].filter((name) => REALM_BOUND.has(name)).map((name) => `${path}: instanceof ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('opens with a comment on its purpose', () => {
    expect(listed(product.filter(({ text }) => !/^(import [^;]*;\s*)*\/\*\*/.test(text)))).toEqual([]);
  });

  test('names no folder of the machine that it was written on', () => {
    const machine = /(["'`\s])\/(work|tmp\/w|home\/[a-z]+)\//;
    expect(listed(files.filter(({ text }) => machine.test(text)))).toEqual([]);
  });
});

describe('a test', () => {
  test('is neither skipped nor run alone', () => {
    const skipped = /\b(test|it|describe)\.(skip|only|todo|failing)\b|\b(xit|xtest|xdescribe|fit|fdescribe)\(/;
    const tests = files.filter(({ path }) => path.endsWith('.test.ts') && path !== 'test/tidy.test.ts');
    expect(listed(tests.filter(({ text }) => skipped.test(text)))).toEqual([]);
  });
});

describe('these rules', () => {
  test('see what they are meant to see', () => {
    const text = `
      import { a } from '../src/a';
      import type { B } from './b';
      export * from './b';
      export let state = 1;
      export default async function f(x: any) {
        setTimeout(() => Math.random(), 1);
        return x instanceof Error || ({ Date: 1 }).Date;
      }`;
    const file = sourceFile('log/x.ts', text, new Set(['src/a.ts', 'log/b.ts']));
    expect(file.imports.map(({ target, isTypeOnly }) => [target, isTypeOnly])).toEqual([
      ['src/a.ts', false],
      ['log/b.ts', true],
      ['log/b.ts', false],
    ]);
    expect(file.reExports).toEqual(['./b']);
    expect([file.usesAny, file.isAsync, file.hasDefaultExport]).toEqual([true, true, true]);
    expect(file.moduleVariables).toEqual(['state']);
    expect([...file.instanceOf]).toEqual(['Error']);
    expect(file.identifiers.has('setTimeout')).toBe(true);
    expect(file.identifiers.has('Date')).toBe(false);
    expect(file.members.has('Math.random')).toBe(true);
  });

  test('find a circle', () => {
    const known = new Set(['log/a.ts', 'log/b.ts']);
    const [a, b] = [
      sourceFile('log/a.ts', "import type { B } from './b';\nexport type A = B;", known),
      sourceFile('log/b.ts', "import type { A } from './a';\nexport type B = A;", known),
    ];
    expect(circles([a, b])).toEqual([['log/a.ts', 'log/b.ts', 'log/a.ts']]);
  });
});

/** The file and every file of ours that is there when it runs. */
function reachable(file: SourceFile): ReadonlySet<SourceFile> {
  const seen = new Set<SourceFile>([file]);
  for (const each of seen) {
    for (const { target, isTypeOnly } of each.imports) {
      const next = target === null || isTypeOnly ? undefined : byPath.get(target);
      if (next !== undefined) seen.add(next);
    }
  }
  return seen;
}
