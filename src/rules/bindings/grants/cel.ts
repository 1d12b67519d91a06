import { fitsCel } from "./pattern.ts";

/** A list of an object, empty where it is left out. */
export const listOf = (owner: string, field: string): string => `${owner}.?${field}.orValue([])`;

/** Whether a value fits one of the patterns in a list of an object. */
export const anyFits = (owner: string, field: string, value: string): string =>
  `${listOf(owner, field)}.exists(p, ${fitsCel("p", value)})`;
