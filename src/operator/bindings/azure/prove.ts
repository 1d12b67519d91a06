import { asPodtrustError, lengthText } from "../../../core/base/index.ts";
import { tryExchange } from "../../../providers/azure/index.ts";
import type { AzureBinding, AzureTrust } from "../../../rules/bindings/azure/index.ts";
import type { ConditionContent } from "../../../rules/bindings/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";
import { requestedToken } from "../service-account.ts";
import { ageOf, foundOf, isProofFresh, soon } from "../status.ts";
import { azureTrouble } from "./finding.ts";
import type { IdentityPass } from "./pass.ts";
import { identityInterval } from "./status.ts";
import type { BoundTenant } from "./tenants.ts";

/** How often Entra is asked while it may not know a change yet, in milliseconds. */
const settlingEvery = 15_000;

/**
 * How long after a change Entra may still refuse, in milliseconds, by error number ("Workload identity federation:
 * important considerations"): a credential may be missing for minutes, the keys of a new issuer for up to half an hour.
 */
const settles: readonly { readonly codes: readonly number[]; readonly forMs: number }[] = [
  { codes: [70_021, 700_211, 700_212, 700_213], forMs: 600_000 },
  { codes: [7_000_272], forMs: 2_400_000 },
];

/** What Entra is asked with. */
export interface Proving {
  readonly binding: AzureBinding;
  readonly trust: AzureTrust;
  readonly tenant: BoundTenant;
  /** Of the identity. */
  readonly clientId: string;
  readonly name: string;
}

/** What a pass changed at Azure, and when the last change was. */
interface Settling {
  readonly changed: boolean;
  /** RFC 3339. */
  readonly changedAt: string | undefined;
}

function isSettling(pass: IdentityPass, codes: readonly number[], changedAt: string | undefined): boolean {
  const age = ageOf(pass, Date.parse(changedAt ?? ""));
  return settles.some((one) => age < one.forMs && codes.some((code) => one.codes.includes(code)));
}

async function proved(pass: IdentityPass, proving: Proving, changedAt: string | undefined): Promise<Finding> {
  const { binding, trust, tenant, clientId, name } = proving;
  const asked = await requestedToken(pass, tenant.cloud.audience);
  if ("reason" in asked) return asked;
  const from = `Entra, tenant ${trust.tenant}`;
  const who = `${binding.namespace}/${binding.name}`;
  try {
    const order = { login: tenant.at.login, tenant: trust.tenant, clientId, assertion: asked.token };
    const answer = await tryExchange({ ...order, resource: tenant.cloud.management }, pass.signal);
    if (answer.outcome === "accepted") {
      const seen = `${who} is given a token of identity ${name}, good for ${lengthText(answer.seconds * 1000)}`;
      return finding("AssertionAccepted", { seen, from });
    }
    const reason = isSettling(pass, answer.codes, changedAt) ? "CredentialSettling" : "AssertionRefused";
    return finding(reason, { seen: `${who} for identity ${name}: ${answer.message}`, from });
  } catch (error) {
    pass.signal.throwIfAborted();
    return azureTrouble(asPodtrustError(error), from);
  }
}

/** What `Ready` says: the last proof while it is fresh, else a new one. */
export async function readyFinding(
  pass: IdentityPass,
  proving: Proving,
  settling: Settling,
): Promise<{ readonly found: ConditionContent; readonly isProof: boolean; readonly againIn: number }> {
  const stood = pass.status.conditions.find(({ type }) => type === "Ready");
  if (stood !== undefined && isProofFresh(pass, settling.changed)) {
    const { type, reason, message } = stood;
    return { found: { type, reason, message }, isProof: false, againIn: identityInterval };
  }
  const proof = await proved(pass, proving, settling.changedAt);
  const isProof = proof.reason === "AssertionAccepted";
  const waits = proof.reason === "CredentialSettling" ? settlingEvery : soon;
  return { found: foundOf("Ready", proof), isProof, againIn: isProof ? identityInterval : waits };
}
