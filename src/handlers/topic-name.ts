/** Kafka's rule for topic names: 1 to 249 characters of [a-zA-Z0-9._-], and neither '.' nor '..'. */
export function isValidTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..';
}
