import { lengthText } from "../../../core/base/index.ts";
import { tryExchange } from "../../../providers/azure/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";
import type { Asked, Bound, Made, Proving } from "../engine/row.ts";
import type { AzureTypes } from "./rights.ts";
import type { BoundTenant } from "./tenants.ts";

/**
 * How long after a change Entra may still refuse, in milliseconds, by error number ("Workload identity federation:
 * important considerations"): a credential may be missing for minutes, the keys of a new issuer for up to half an hour.
 */
const settles: readonly { readonly codes: readonly number[]; readonly forMs: number }[] = [
  { codes: [70_021, 700_211, 700_212, 700_213], forMs: 600_000 },
  { codes: [7_000_272], forMs: 2_400_000 },
];

const isSettling = (codes: readonly number[], age: number): boolean =>
  settles.some((one) => age < one.forMs && codes.some((code) => one.codes.includes(code)));

/** Asks Entra for a token of an identity. */
export class ProvingIdentity implements Proving<AzureTypes> {
  readonly #tenant: BoundTenant;

  constructor(tenant: BoundTenant) {
    this.#tenant = tenant;
  }

  audience(): string {
    return this.#tenant.cloud.audience;
  }

  /** What was changed may be known at once. */
  early(): undefined {
    return undefined;
  }

  async ask(
    { trust, binding, granted: { name } }: Bound<AzureTypes>,
    { rights: [right] }: Pick<Made<AzureTypes>, "rights">,
    { jwt, age, signal }: Asked,
  ): Promise<Finding> {
    const from = `Entra, tenant ${trust.tenant}`;
    const who = `${binding.namespace}/${binding.name}`;
    const { at, cloud } = this.#tenant;
    const order = { login: at.login, tenant: trust.tenant, clientId: right?.clientId ?? "", assertion: jwt };
    const answer = await tryExchange({ ...order, resource: cloud.management }, signal);
    if (answer.outcome === "accepted") {
      const seen = `${who} is given a token of identity ${name}, good for ${lengthText(answer.seconds * 1000)}`;
      return finding("AssertionAccepted", { seen, from });
    }
    const reason = isSettling(answer.codes, age) ? "CredentialSettling" : "AssertionRefused";
    return finding(reason, { seen: `${who} for identity ${name}: ${answer.message}`, from });
  }
}
