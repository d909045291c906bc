/** Whose a key of the file is: a flow's (`A->B.topics`), a cluster's (`A.consumer.fetch.min.bytes`), or everybody's. Pure. */

export type Role = 'producer' | 'consumer' | 'admin';

export type Owner =
  | { readonly kind: 'flow'; readonly source: string; readonly target: string; readonly key: string }
  | { readonly kind: 'cluster'; readonly alias: string; readonly role: Role | null; readonly key: string }
  | { readonly kind: 'all'; readonly key: string }
  | { readonly kind: 'stranger'; readonly alias: string };

const ROLES: readonly Role[] = ['producer', 'consumer', 'admin'];

/** What connectors call the client settings of a flow's two clusters, beside `<alias>.`. */
const SIDES = /^(?:(?:source|target)\.(?:cluster\.)?)?((?:producer|consumer|admin)\.)?(?:override\.)?(.+)$/;

export function ownerOf(name: string, aliases: readonly string[]): Owner {
  const arrow = /^(.+?)->(.+)$/.exec(name);
  if (arrow !== null) return flowOwner(name, arrow[1]!, arrow[2]!, aliases);
  const alias = longestPrefix(name, aliases);
  if (alias === null) return { kind: 'all', key: name };
  const rest = name.slice(alias.length + 1);
  const role = ROLES.find((each) => rest.startsWith(`${each}.`)) ?? null;
  return { kind: 'cluster', alias, role, key: role === null ? rest : rest.slice(role.length + 1) };
}

function flowOwner(name: string, source: string, rest: string, aliases: readonly string[]): Owner {
  const target = longestPrefix(rest, aliases);
  if (!aliases.includes(source)) return { kind: 'stranger', alias: source };
  if (target === null) return { kind: 'stranger', alias: rest.split('.')[0] ?? rest };
  return { kind: 'flow', source, target, key: name.slice(source.length + 2 + target.length + 1) };
}

function longestPrefix(name: string, aliases: readonly string[]): string | null {
  const fitting = aliases.filter((alias) => name.startsWith(`${alias}.`));
  return fitting.sort((left, right) => right.length - left.length)[0] ?? null;
}

/** The client's key in a key of a flow like `source.consumer.fetch.min.bytes`. */
export function clientKeyOf(key: string): string {
  return SIDES.exec(key)?.[2] ?? key;
}
