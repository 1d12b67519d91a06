import { tryLook } from "../../stack/index.ts";
import type { AwsPart } from "../../stack/parts/index.ts";
import type { MapAccount, Unseen } from "../facts.ts";

/** An account as it was read, or why it was not. */
export interface AccountReading {
  readonly account?: MapAccount;
  readonly unseen: readonly Unseen[];
}

/** Providers and roles of one account, in as few calls as IAM has pages. */
export async function lookAtAccount(part: AwsPart, signal: AbortSignal): Promise<AccountReading> {
  const { account, region, audiences, roles } = part.account;
  const look = await tryLook(signal, async () => {
    await part.open(signal);
    return part.lookAtAccount(signal);
  });
  if (look.kind !== "seen") {
    if (look.kind === "skipped") return { unseen: [] };
    const { message, next } = look.error;
    return { unseen: [{ what: `account ${account}`, why: message, next }] };
  }
  const wanted = roles.map(({ name, sessionName, serviceAccounts, subjectPatterns }) => ({
    name,
    sessionName,
    serviceAccounts,
    subjectPatterns,
  }));
  const { providers, roles: found, isWhole } = look.value;
  const why =
    "the credentials may not read all roles at once: only those were read that the config, the stack's tags or its provider lead to";
  const next = "Let them call iam:GetAccountAuthorizationDetails.";
  return {
    account: { account, region, audiences, wanted, providers, roles: found, isWhole },
    unseen: isWhole ? [] : [{ what: `other roles of account ${account}`, why, next }],
  };
}
