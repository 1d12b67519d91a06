import { federationId } from "./schema.ts";

/**
 * The id of pool and provider where a config names none: the stack's, made long enough. Undefined for a stack
 * whose name Google accepts for neither, since it is too long or begins with `gcp-`.
 */
export function standardId(stack: string): string | undefined {
  const id = stack.length < 4 ? `podtrust-${stack}` : stack;
  return federationId.test(id) ? id : undefined;
}
