import { errorText, PodtrustError } from "../../../core/base/index.ts";
import { type AwsSession, waitUntilAssumable } from "../../../providers/aws/index.ts";
import type { AwsConfig, RoleConfig } from "../../../config/index.ts";
import type { KubernetesApi } from "../../../providers/kubernetes/index.ts";
import type { Work } from "../../../rules/plan/index.ts";
import { roleArnOf } from "./role-trust.ts";

export interface UsableInput {
  readonly account: AwsConfig;
  readonly session: AwsSession;
  /** The cluster that issues tokens. */
  readonly cluster: () => Promise<Pick<KubernetesApi, "requestToken">>;
  /** Called with what could not be waited for, and why. */
  readonly notice: (text: string) => void;
}

/** The ServiceAccount whose token STS is asked with. */
export interface TokenOwner {
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
  readonly audience: string;
  readonly cluster: () => Promise<Pick<KubernetesApi, "requestToken">>;
}

/** What a wait reports, and how it ends. */
export type WaitContext = Pick<Work, "signal" | "waiting">;

async function mintedToken(owner: TokenOwner, signal: AbortSignal): Promise<string> {
  const { serviceAccount, audience } = owner;
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const api = await owner.cluster();
  const spec = { audiences: [audience], expirationSeconds: 600 };
  return (await api.requestToken(namespace, name, spec, { signal })).token;
}

const soon = "STS may refuse new roles for some seconds yet (IAM is eventually consistent)";

/**
 * Waits until STS lets a ServiceAccount's token into a role, which takes some seconds after the role was made or
 * changed; returns whether it did. If there is no token, or STS refuses it for another reason, the role may still be
 * fine: that is a notice, not a failure. Throws `aws-not-assumable` at the deadline.
 */
export async function untilUsableBy(
  { account, session, notice }: Omit<UsableInput, "cluster">,
  role: RoleConfig,
  owner: TokenOwner,
  work: WaitContext,
): Promise<boolean> {
  let token: string;
  try {
    token = await mintedToken(owner, work.signal);
  } catch (error) {
    work.signal.throwIfAborted();
    // Roles usually come first: a ServiceAccount that comes later is no fault.
    const isAbsent = error instanceof PodtrustError && error.code === "cluster-not-found";
    notice(
      isAbsent
        ? `ServiceAccount ${owner.serviceAccount} is not there yet; the role waits for it, and podtrust status asks STS then`
        : `${soon}; STS was not asked: ${errorText(error)}`,
    );
    return false;
  }
  const request = { roleArn: roleArnOf(account, role), sessionName: role.sessionName, token };
  try {
    await waitUntilAssumable(session, request, work);
    return true;
  } catch (error) {
    work.signal.throwIfAborted();
    if (!(error instanceof PodtrustError) || error.code === "aws-not-assumable") throw error;
    notice(`STS refuses a token of ${owner.serviceAccount} for role ${role.name}: ${error.message}`);
    return false;
  }
}

/** The same for a role of the config, with a token of the first of its ServiceAccounts. */
export function untilUsable(
  input: UsableInput,
  role: RoleConfig,
): (roleArn: string, work: Work) => Promise<boolean> {
  return async (_roleArn, work) => {
    const [serviceAccount] = role.serviceAccounts;
    const [audience = ""] = input.account.audiences;
    if (serviceAccount !== undefined) {
      return untilUsableBy(input, role, { serviceAccount, audience, cluster: input.cluster }, work);
    }
    input.notice(`${soon}; role ${role.name} names patterns only, so STS was not asked`);
    return false;
  };
}
