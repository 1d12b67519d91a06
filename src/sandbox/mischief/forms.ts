import { type Form, forms } from "../errors/index.ts";
import type { MischiefChance, MischiefKinds, MischiefRule } from "./mischief.ts";

const { either, finite, listOf, members, oneOf, rate, text, whole } = forms;

/** What mischief on request has to be, where these can be asked for. */
export function ruleForm<Kind extends string>(kinds: Readonly<Record<Kind, true>>): Form {
  return members<MischiefRule<Kind>>(
    { what: oneOf(Object.keys(kinds)), method: text, path: text, times: whole(1) },
    ["what"],
  );
}

/** What mischief by chance has to be, or `off`. */
export function chanceForm<Kind extends string>({ read, write }: MischiefKinds<Kind>): Form {
  const kinds = listOf(oneOf([...read, ...write]));
  const chance = members<MischiefChance<Kind>>({ rate, seed: finite, kinds }, ["rate", "seed"]);
  return either((value) => typeof value === "string", oneOf(["off"]), chance);
}
