/** The project's own sources, parsed: what the house rules in `tidy.test.ts` look at. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from '@swc/core';

export const ROOT = resolve(__dirname, '../..');
export const FLOORS = ['wire', 'log', 'controller', 'src', 'mirror', 'test', 'benchmarks'] as const;

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path below the root of the file it leads to; null for packages and Node's own modules. */
  readonly target: string | null;
  /** Nothing of it is there when the program runs. */
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** Below the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  /** Re-exports of other files of ours. */
  readonly reExports: readonly string[];
  /** Names that are used as values: `Date`, `setTimeout`. */
  readonly identifiers: ReadonlySet<string>;
  /** `object.property` uses: `Math.random`. */
  readonly members: ReadonlySet<string>;
  readonly usesAny: boolean;
  readonly moduleVariables: readonly string[];
  /** Right-hand sides of `instanceof`. */
  readonly instanceOf: ReadonlySet<string>;
  readonly hasDefaultExport: boolean;
  readonly isAsync: boolean;
}

/** Every TypeScript file of the floors; fixtures are packages of their own. */
export function sourceTree(): readonly SourceFile[] {
  const paths = FLOORS.flatMap((floor) => filesBelow(join(ROOT, floor))).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.includes('/test/fixtures/'),
  );
  const known = new Set(paths.map((path) => relative(ROOT, path)));
  return paths.sort().map((path) => sourceFile(relative(ROOT, path), readFileSync(path, 'utf8'), known));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

export function sourceFile(path: string, text: string, known: ReadonlySet<string>): SourceFile {
  const module = parseSync(text, { syntax: 'typescript', target: 'es2022' }) as unknown as Node;
  const found = new Findings();
  visit(module, null, '', found);
  const body = module['body'] as readonly Node[];
  return {
    path,
    text,
    imports: found.imports.map((each) => ({ ...each, target: resolved(path, each.specifier, known) })),
    reExports: found.reExports.filter((specifier) => resolved(path, specifier, known)?.endsWith('.ts') === true),
    identifiers: found.identifiers,
    members: found.members,
    usesAny: found.usesAny,
    moduleVariables: body.flatMap(moduleVariable),
    instanceOf: found.instanceOf,
    hasDefaultExport: found.hasDefaultExport,
    isAsync: found.isAsync,
  };
}

class Findings {
  readonly imports: Omit<Import, 'target'>[] = [];
  readonly reExports: string[] = [];
  readonly identifiers = new Set<string>();
  readonly members = new Set<string>();
  readonly instanceOf = new Set<string>();
  usesAny = false;
  hasDefaultExport = false;
  isAsync = false;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function visit(node: Node, parent: Node | null, key: string, found: Findings): void {
  inspect(node, parent, key, found);
  for (const [name, child] of Object.entries(node)) {
    if (isNode(child)) visit(child, node, name, found);
    else if (Array.isArray(child)) visitAll(child, node, name, found);
  }
}

function visitAll(children: readonly unknown[], parent: Node, key: string, found: Findings): void {
  for (const child of children) {
    if (isNode(child)) visit(child, parent, key, found);
    // Arguments, array elements and the like are wrapped.
    else if (typeof child === 'object' && child !== null && isNode((child as Record<string, unknown>)['expression'])) {
      visit((child as Record<string, unknown>)['expression'] as Node, parent, key, found);
    }
  }
}

function inspect(node: Node, parent: Node | null, key: string, found: Findings): void {
  if (node['async'] === true || node['isAwait'] === true || node.type === 'AwaitExpression') found.isAsync = true;
  switch (node.type) {
    case 'ImportDeclaration':
      found.imports.push({ specifier: textOf(node['source']), isTypeOnly: isTypeOnlyImport(node) });
      return;
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      if (!isNode(node['source'])) return;
      found.imports.push({ specifier: textOf(node['source']), isTypeOnly: node['typeOnly'] === true });
      found.reExports.push(textOf(node['source']));
      return;
    case 'ExportDefaultDeclaration':
    case 'ExportDefaultExpression':
      found.hasDefaultExport = true;
      return;
    case 'CallExpression':
      inspectCall(node, found);
      return;
    case 'TsImportType':
      found.imports.push({ specifier: textOf(node['argument']), isTypeOnly: true });
      return;
    case 'TsKeywordType':
      if (node['kind'] === 'any') found.usesAny = true;
      return;
    case 'BinaryExpression':
      if (node['operator'] === 'instanceof') found.instanceOf.add(textOf(node['right']));
      return;
    case 'MemberExpression':
      found.members.add(`${textOf(node['object'])}.${textOf(node['property'])}`);
      return;
    case 'Identifier':
      if (isReference(parent, key)) found.identifiers.add(textOf(node));
      return;
    default:
  }
}

/** `import('x')` and `require('x')`. */
function inspectCall(node: Node, found: Findings): void {
  const callee = node['callee'];
  if (!isNode(callee) || !(callee.type === 'Import' || textOf(callee) === 'require')) return;
  const [first] = node['arguments'] as readonly { readonly expression: Node }[];
  if (first?.expression.type === 'StringLiteral') {
    found.imports.push({ specifier: textOf(first.expression), isTypeOnly: false });
  }
}

function isTypeOnlyImport(node: Node): boolean {
  const specifiers = node['specifiers'] as readonly Node[];
  return (
    node['typeOnly'] === true || (specifiers.length > 0 && specifiers.every((each) => each['isTypeOnly'] === true))
  );
}

/** A name that stands for a value, not the name of a property or a declaration in an import. */
function isReference(parent: Node | null, key: string): boolean {
  if (parent === null) return false;
  if (key === 'key' || key === 'imported' || key === 'local' || key === 'orig' || key === 'exported') return false;
  if (parent.type === 'MemberExpression' && key === 'property') return false;
  return !parent.type.startsWith('Ts') || parent.type === 'TsAsExpression' || parent.type === 'TsNonNullExpression';
}

function moduleVariable(statement: Node): readonly string[] {
  const declaration = statement.type === 'ExportDeclaration' ? (statement['declaration'] as Node) : statement;
  if (declaration.type !== 'VariableDeclaration' || declaration['kind'] === 'const') return [];
  if (declaration['declare'] === true) return [];
  return (declaration['declarations'] as readonly Node[]).map((each) => textOf(each['id']));
}

function textOf(value: unknown): string {
  if (!isNode(value)) return '?';
  const text = value['value'];
  return typeof text === 'string' ? text : value.type;
}

function resolved(path: string, specifier: string, known: ReadonlySet<string>): string | null {
  if (!specifier.startsWith('.')) return null;
  const target = relative(ROOT, resolve(ROOT, dirname(path), specifier));
  const candidates = [`${target}.ts`, `${target}/index.ts`, target];
  return candidates.find((candidate) => known.has(candidate)) ?? target;
}

/** Circles among the imports, type imports too: each as the files that it goes through. */
export function circles(files: readonly SourceFile[]): readonly (readonly string[])[] {
  const next = new Map(
    files.map((file) => [file.path, file.imports.flatMap(({ target }) => (target === null ? [] : [target]))]),
  );
  const done = new Set<string>();
  const trail: string[] = [];
  const found: string[][] = [];
  const walk = (path: string): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path]);
    if (at >= 0 || done.has(path)) return;
    trail.push(path);
    for (const target of next.get(path) ?? []) walk(target);
    trail.pop();
    done.add(path);
  };
  for (const path of next.keys()) walk(path);
  return found;
}
