import { type Clock, errorText, PodtrustError } from "../../../base/index.ts";
import { type AwsSession, waitUntilAssumable } from "../../../aws/index.ts";
import type { AwsConfig, Config, Environment, RoleConfig } from "../../../config/index.ts";
import { openKubernetes, type PluginConsent } from "../../../kubernetes/index.ts";
import type { Work } from "../../../plan/index.ts";

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

async function mintedToken(input: UsableInput, serviceAccount: string, signal: AbortSignal): Promise<string> {
  const { config, account, env, clock, consent } = input;
  if (config.cluster === undefined) throw new PodtrustError("usage", "the config names no cluster");
  const api = await openKubernetes(config.cluster, {
    env,
    clock,
    ...(consent === undefined ? {} : { consent }),
  });
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const wish = { audiences: account.audiences.slice(0, 1), expirationSeconds: 600 };
  return (await api.requestToken(namespace, name, wish, { signal })).token;
}

/**
 * Waits until STS knows a new role or a changed trust, asked with a token of one of its ServiceAccounts. Where
 * no token can be had, or STS refuses it for another reason, the role is none the worse for it: that is a notice,
 * not a failure. Throws `aws-not-assumable` at the deadline.
 */
export function untilUsable(
  input: UsableInput,
  role: RoleConfig,
): (roleArn: string, work: Work) => Promise<void> {
  const { notice } = input;
  const soon = `STS may refuse role ${role.name} for some seconds yet (IAM is eventually consistent)`;
  return async (roleArn, work) => {
    const [serviceAccount] = role.serviceAccounts;
    if (serviceAccount === undefined) return notice(`${soon}; it names patterns only, so STS was not asked`);
    let token: string;
    try {
      token = await mintedToken(input, serviceAccount, work.signal);
    } catch (error) {
      work.signal.throwIfAborted();
      return notice(`${soon}; STS was not asked: ${errorText(error)}`);
    }
    try {
      await waitUntilAssumable(input.session, { roleArn, sessionName: role.sessionName, token }, work);
    } catch (error) {
      work.signal.throwIfAborted();
      if (!(error instanceof PodtrustError) || error.code === "aws-not-assumable") throw error;
      notice(`STS refuses a token of ${serviceAccount} for role ${role.name}: ${error.message}`);
    }
    return undefined;
  };
}
