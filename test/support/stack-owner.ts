import type { StackOwner } from "../../src/rules/plan/index.ts";

/** The identity of the tests' stacks, which `identityLine` gives a config. */
export const identity = "3f2a91bc";

/** The same of another config, whose stacks have the same names. */
export const otherIdentity = "b0b0b0b0";

/** A stack of a test by its name, as its config has it. */
export function stackOwner(stack = "prod"): StackOwner {
  return { stack, identity };
}

/** The comment that marks a thing as that stack's, in its literal form. */
export function stackMark(stack = "prod", of = identity): string {
  return `podtrust stack=${stack} format=1 id=${of}`;
}

/** The line of a config that gives a stack its identity. */
export const identityLine = (of = identity): string => `identity: "${of}"\n`;
