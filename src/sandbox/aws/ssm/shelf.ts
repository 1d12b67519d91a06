import type { Account, Parameter, ParameterVersion, Tag } from "../state/index.ts";
import { AwsError, type Call, type Shape } from "../wire/index.ts";
import type { Seal } from "./cipher.ts";
import { parameterArn, parseReference, type Place, type Reference } from "./name.ts";

/** One version of a parameter, and how it was asked for. */
export interface Found {
  readonly parameter: Parameter;
  readonly version: ParameterVersion;
  readonly selector: string | undefined;
}

/** The parameters of one region of the account, as a call sees them. */
export class Shelf {
  readonly place: Place;
  readonly #account: Account;
  readonly #seal: Seal;

  constructor(account: Account, call: Pick<Call, "region">, seal: Seal) {
    this.#account = account;
    this.#seal = seal;
    this.place = { region: call.region, account: account.id };
  }

  #key(name: string): string {
    return `${this.place.region}/${name}`;
  }

  arn(name: string): string {
    return parameterArn(this.place, name);
  }

  get(name: string): Parameter | undefined {
    return this.#account.parameters.get(this.#key(name));
  }

  put(parameter: Parameter): void {
    this.#account.parameters.set(this.#key(parameter.name), parameter);
  }

  delete(name: string): boolean {
    return this.#account.parameters.delete(this.#key(name));
  }

  /** All of this region, in the order of their names. */
  all(): readonly Parameter[] {
    const prefix = `${this.place.region}/`;
    return this.#account.parameters
      .entries()
      .filter(([key]) => key.startsWith(prefix))
      .map(([, parameter]) => parameter)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  reference(text: string): Reference {
    const reference = parseReference(this.place, text);
    const rooted = { ...reference, name: `/${reference.name}` };
    const known = this.get(reference.name) !== undefined || !text.startsWith("arn:");
    return known || this.get(rooted.name) === undefined ? reference : rooted;
  }

  /** The version that a reader names; undefined where there is no such parameter or version. */
  find(reference: Reference): Found | undefined {
    const parameter = this.get(reference.name);
    const { selector } = reference;
    const version = parameter?.versions.findLast(
      (one) => selector === undefined || String(one.version) === selector || one.labels.includes(selector),
    );
    return parameter === undefined || version === undefined ? undefined : { parameter, version, selector };
  }

  /** The version, or AWS's refusal. */
  require(text: string): Found {
    const reference = this.reference(text);
    const found = this.find(reference);
    if (found !== undefined) return found;
    // AWS sends this error without a text.
    if (this.get(reference.name) === undefined) throw new AwsError("ParameterNotFound", "");
    throw new AwsError(
      "ParameterVersionNotFound",
      `Systems Manager could not find version ${reference.selector} of ${reference.name}. Verify the version and try again.`,
    );
  }

  /** What a reader gets. */
  shape({ parameter, version, selector }: Found, decrypt: boolean): Shape {
    const sealed = parameter.type === "SecureString" && !decrypt;
    return {
      Name: parameter.name,
      Type: parameter.type,
      Value: sealed ? this.#seal(parameter.name, version.version, version.value) : version.value,
      Version: version.version,
      Selector: selector === undefined ? undefined : `:${selector}`,
      LastModifiedDate: new Date(version.date),
      ARN: parameter.arn,
      DataType: parameter.dataType,
    };
  }

  /** The condition keys that a parameter's tags give, under both of the names that SSM knows. */
  tagContext(name: string): Record<string, string> {
    const tags: readonly Tag[] = this.get(name)?.tags ?? [];
    return Object.fromEntries(
      tags.flatMap(({ key, value }) => [
        [`aws:ResourceTag/${key}`, value],
        [`ssm:resourceTag/${key}`, value],
      ]),
    );
  }
}
