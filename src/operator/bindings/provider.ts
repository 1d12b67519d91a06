import type { BoundAccount } from "./account/index.ts";
import { finding, type Finding } from "../../stack/index.ts";

/** What is wrong with the issuer's OIDC provider in an account; undefined where nothing is. Throws `aws-*`. */
export async function providerFinding(
  account: BoundAccount,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const provider = await account.provider(signal);
  const from = `IAM of account ${account.account.account}`;
  if (!provider.exists)
    return finding("ProviderMissing", { seen: `there is no OIDC provider ${account.providerArn}`, from });
  const missing = account.account.audiences.filter((one) => !provider.state.clientIds.includes(one));
  if (missing.length === 0) return undefined;
  const seen = `${account.providerArn} does not accept the audience ${missing.join(", ")}`;
  return finding("AudienceMissing", { seen, from });
}
