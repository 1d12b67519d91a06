import type { Account } from "../state/account.ts";
import type { Parameter, ParameterVersion, Tag } from "../state/records.ts";
import { AwsError } from "../wire/error.ts";
import type { Call } from "../wire/service.ts";
import type { Shape } from "../wire/value.ts";
import type { Seal } from "./cipher.ts";
import {
  checkReadable,
  isSecretReference,
  nameKey,
  parameterArn,
  parseReference,
  type ParameterScope,
} from "./name.ts";

/** One version of a parameter, and how it was requested. */
export interface SelectedVersion {
  readonly parameter: Parameter;
  readonly version: ParameterVersion;
  /** As answers show it: the requested name, which may have a slash more or less. */
  readonly name: string;
  readonly selector: string | undefined;
}

/** AWS sends this error without a text. */
export function parameterNotFound(): AwsError {
  return new AwsError("ParameterNotFound", "");
}

/** The default version. */
export function latestOf(parameter: Parameter): ParameterVersion {
  return parameter.versions.at(-1) as ParameterVersion;
}

/** AWS's refusal of a version or label that a parameter does not have. */
export function versionNotFound(selector: string | undefined, name: string): AwsError {
  return new AwsError(
    "ParameterVersionNotFound",
    `Systems Manager could not find version ${selector} of ${name}. Verify the version and try again.`,
  );
}

/** The parameters of one region of the account, as a call sees them. */
export class ParameterStore {
  readonly scope: ParameterScope;
  readonly #account: Account;
  readonly #seal: Seal;

  constructor(account: Account, call: Pick<Call, "region">, seal: Seal) {
    this.#account = account;
    this.#seal = seal;
    this.scope = { region: call.region, account: account.id };
  }

  #key(name: string): string {
    return `${this.scope.region}/${nameKey(name)}`;
  }

  /** The ARN of what a caller names: a name, or an ARN, with or without a selector. */
  arn(text: string): string {
    return parameterArn(this.scope, parseReference(this.scope, text).name);
  }

  get(name: string): Parameter | undefined {
    return this.#account.parameters.get(this.#key(name));
  }

  /** The parameter that a caller names, by its name or its ARN. */
  named(text: string): Parameter | undefined {
    return this.get(parseReference(this.scope, text).name);
  }

  /** The parameter of a name, or AWS's refusal. */
  require(name: string): Parameter {
    const parameter = this.get(name);
    if (parameter === undefined) throw parameterNotFound();
    return parameter;
  }

  put(parameter: Parameter): void {
    this.#account.parameters.set(this.#key(parameter.name), parameter);
  }

  delete(name: string): boolean {
    return this.#account.parameters.delete(this.#key(name));
  }

  /** All of this region, sorted by name. */
  all(): readonly Parameter[] {
    const prefix = `${this.scope.region}/`;
    return this.#account.parameters
      .entries()
      .filter(([key]) => key.startsWith(prefix))
      .map(([, parameter]) => parameter)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The version that a caller names; undefined if there is no such parameter or version. */
  find(text: string): SelectedVersion | undefined {
    const reference = parseReference(this.scope, text);
    checkReadable(reference);
    const parameter = this.get(reference.name);
    const { selector } = reference;
    const version = parameter?.versions.findLast(
      (one) => selector === undefined || String(one.version) === selector || one.labels.includes(selector),
    );
    if (parameter === undefined || version === undefined) return undefined;
    return { parameter, version, name: reference.byName ? reference.name : parameter.name, selector };
  }

  /** The version that a caller names, or AWS's refusal. */
  read(text: string): SelectedVersion {
    const found = this.find(text);
    if (found !== undefined) return found;
    const reference = parseReference(this.scope, text);
    if (isSecretReference(reference)) {
      throw new AwsError("ParameterNotFound", `Secret ${reference.name.slice(1)} not found.`, {
        rule: "parameter-exists",
        why: "the sandbox has no Secrets Manager, and so no secret that a parameter could refer to",
      });
    }
    this.require(reference.name);
    throw versionNotFound(reference.selector, reference.name);
  }

  /** A version's value as a caller gets it. */
  value(parameter: Parameter, version: ParameterVersion, decrypt: boolean): string {
    if (version.type !== "SecureString" || decrypt) return version.value;
    return this.#seal(parameter.name, version.version, version.value);
  }

  /** What a caller gets. */
  shape({ parameter, version, name, selector }: SelectedVersion, decrypt: boolean): Shape {
    return {
      Name: name,
      Type: version.type,
      Value: this.value(parameter, version, decrypt),
      Version: version.version,
      Selector: selector === undefined ? undefined : `:${selector}`,
      LastModifiedDate: new Date(version.date),
      ARN: parameter.arn,
      DataType: version.dataType,
    };
  }

  /** The condition keys from a parameter's tags, under both names that SSM knows. */
  tagContext(text: string): Record<string, string> {
    const tags: readonly Tag[] = this.named(text)?.tags ?? [];
    return Object.fromEntries(
      tags.flatMap(({ key, value }) => [
        [`aws:ResourceTag/${key}`, value],
        [`ssm:resourceTag/${key}`, value],
      ]),
    );
  }
}

/** Returns the parameters that a call sees. */
export type OpenParameterStore = (call: Call) => ParameterStore;
