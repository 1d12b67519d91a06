import type { Environment, Setting } from "../base/index.ts";
import { type CredentialName, credentials } from "./credential-rows.ts";

/** A variable of the environment that has a value. */
export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** The first of these variables that has a value. */
export function firstVariable(
  names: readonly (Setting | VariableOf<CredentialName>)[],
  env: Environment,
): Variable | undefined {
  return names.map((name) => ({ name, value: (env[name] ?? "").trim() })).find(({ value }) => value !== "");
}

/** The variables of a row that hold a credential, or name its file, in the order in which they count. */
type VariableOf<Name extends CredentialName> = (typeof credentials)[Name]["variables"][number];

/**
 * What the environment has of a credential: of the one variable that is asked for, else of the first of its row that is set.
 */
export function credentialVariable<Name extends CredentialName>(
  env: Environment,
  name: Name,
  variable?: VariableOf<Name>,
): Variable | undefined {
  return firstVariable(variable === undefined ? credentials[name].variables : [variable], env);
}
