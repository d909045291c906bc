/** `.properties` files with Java's rules: escapes, continued lines, comments; of a key given twice the last one counts. */
import { getProperties } from 'properties-file';
import type { ConfigLayer } from './layers';

/** `origin` names the file to people. A malformed escape is returned as a sentence. */
export function propertiesLayer(
  text: string,
  origin: string,
): { readonly layer: ConfigLayer } | { readonly problem: string } {
  try {
    return { layer: { origin, texts: new Map(Object.entries(getProperties(text))) } };
  } catch (error) {
    const why =
      error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
    return { problem: `${origin} is not a properties file: ${why}` };
  }
}
