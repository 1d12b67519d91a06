import { type Clock, errorText, PodtrustError } from "../../../base/index.ts";
import { type AwsSession, waitUntilAssumable } from "../../../aws/index.ts";
import type { AwsConfig, Config, Environment, RoleConfig } from "../../../config/index.ts";
import { type KubernetesApi, openKubernetes, type PluginConsent } from "../../../kubernetes/index.ts";
import type { Work } from "../../../plan/index.ts";
import { roleArnOf } from "./role-trust.ts";

export interface UsableInput {
  readonly config: Config;
  readonly account: AwsConfig;
  readonly session: AwsSession;
  readonly env: Environment;
  readonly clock: Clock;
  readonly consent?: PluginConsent | undefined;
  /** Told what could not be waited for, and why. */
  readonly notice: (text: string) => void;
}

/** Whose token STS is asked with. */
export interface TokenOwner {
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
  readonly audience: string;
  readonly cluster: () => Promise<Pick<KubernetesApi, "requestToken">>;
}

/** What somebody who waits can be told, and how the waiting ends. */
export type Waiting = Pick<Work, "signal" | "waiting">;

async function mintedToken(owner: TokenOwner, signal: AbortSignal): Promise<string> {
  const { serviceAccount, audience } = owner;
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const api = await owner.cluster();
  const wish = { audiences: [audience], expirationSeconds: 600 };
  return (await api.requestToken(namespace, name, wish, { signal })).token;
}

function ownCluster({ config, env, clock, consent }: UsableInput): Promise<KubernetesApi> {
  if (config.cluster === undefined) throw new PodtrustError("usage", "the config names no cluster");
  const environment = { env, clock, ...(consent === undefined ? {} : { consent }) };
  return openKubernetes(config.cluster, environment);
}

const soon = (role: RoleConfig): string =>
  `STS may refuse role ${role.name} for some seconds yet (IAM is eventually consistent)`;

/**
 * Waits until STS lets a ServiceAccount's token into a role, which takes some seconds after the role was made or
 * changed. Where no token can be had, or STS refuses it for another reason, the role is none the worse for it: that is
 * a notice, not a failure. Throws `aws-not-assumable` at the deadline.
 */
export async function untilUsableBy(
  { account, session, notice }: Pick<UsableInput, "account" | "session" | "notice">,
  role: RoleConfig,
  owner: TokenOwner,
  work: Waiting,
): Promise<void> {
  let token: string;
  try {
    token = await mintedToken(owner, work.signal);
  } catch (error) {
    work.signal.throwIfAborted();
    return notice(`${soon(role)}; STS was not asked: ${errorText(error)}`);
  }
  const request = { roleArn: roleArnOf(account, role), sessionName: role.sessionName, token };
  try {
    await waitUntilAssumable(session, request, work);
  } catch (error) {
    work.signal.throwIfAborted();
    if (!(error instanceof PodtrustError) || error.code === "aws-not-assumable") throw error;
    notice(`STS refuses a token of ${owner.serviceAccount} for role ${role.name}: ${error.message}`);
  }
  return undefined;
}

/** The same for a role of the config, asked with a token of the first of its ServiceAccounts. */
export function untilUsable(
  input: UsableInput,
  role: RoleConfig,
): (roleArn: string, work: Work) => Promise<void> {
  return async (_roleArn, work) => {
    const [serviceAccount] = role.serviceAccounts;
    if (serviceAccount === undefined)
      return input.notice(`${soon(role)}; it names patterns only, so STS was not asked`);
    const [audience = ""] = input.account.audiences;
    const owner = { serviceAccount, audience, cluster: () => ownCluster(input) };
    return untilUsableBy(input, role, owner, work);
  };
}
