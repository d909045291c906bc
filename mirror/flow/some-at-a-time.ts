/** Many questions to a cluster, a few at a time. */

/** The answers in the order of `items`, with at most `count` questions on their way. Rejects with the first that fails. */
export async function someAtATime<T, R>(items: readonly T[], count: number, ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let from = 0; from < items.length; from += count) {
    answers.push(...(await Promise.all(items.slice(from, from + count).map(ask))));
  }
  return answers;
}
