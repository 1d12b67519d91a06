import {
  type AwsSession,
  assumeWithWebIdentity,
  complaintOf,
  oidcProviderResource,
  openAws,
  roleResource,
  webIdentityTrustPolicy,
} from "../../../src/providers/aws/index.ts";
import { applyPlan, isEmpty, planOf } from "../../../src/rules/plan/index.ts";
import type { Sandbox } from "../../../src/sandbox/index.ts";
import { stackOwner } from "../../support/stack-owner.ts";

const region = "eu-central-1";
const audience = "sts.amazonaws.com";

/** What STS answered: the ARN, or AWS's code and text. */
export type AssumeOutcome = { readonly arn: string } | { readonly code: string; readonly message: string };

/** An account in the sandbox that trusts an issuer. */
export interface AwsAccount {
  readonly session: AwsSession;
  readonly roleArn: string;
  readonly ask: (token: string) => Promise<AssumeOutcome>;
}

/** Makes provider and role by a plan, as `podtrust up` will, and sees that nothing is left to do. */
export async function trustingAccount(
  sandbox: Sandbox,
  issuer: string,
  serviceAccount: string,
): Promise<AwsAccount> {
  const session = openAws({ region, endpoint: sandbox.url, credentials: sandbox.admin });
  const { account } = sandbox;
  const provider = oidcProviderResource(session, {
    ...stackOwner("story"),
    account,
    issuer,
    audiences: [audience],
  });
  const role = roleResource(session, {
    ...stackOwner("story"),
    account,
    name: "story",
    trustPolicy: webIdentityTrustPolicy({
      partition: "aws",
      account,
      issuer,
      audiences: [audience],
      serviceAccounts: [serviceAccount],
    }),
    policies: ["arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"],
    dependsOn: [provider.id],
  });
  const { signal } = new AbortController();
  const outcome = await applyPlan(await planOf({ desired: [provider, role] }, signal), { signal });
  if (outcome.failed[0] !== undefined) throw outcome.failed[0].error;
  if (!isEmpty(await planOf({ desired: [provider, role] }, signal)))
    throw new Error("the plan is not empty after up");
  const roleArn = `arn:aws:iam::${account}:role/story`;
  return accountOf(session, roleArn);
}

/** An account in which somebody else made the role. */
export function accountOf(session: AwsSession, roleArn: string): AwsAccount {
  return {
    session,
    roleArn,
    async ask(token) {
      try {
        const { arn } = await assumeWithWebIdentity(session, { roleArn, sessionName: "story", token });
        return { arn };
      } catch (error) {
        return complaintOf(error);
      }
    },
  };
}

/** Asks with every live token several times a second, and remembers each refusal. */
export class LiveTokens {
  readonly #account: AwsAccount;
  readonly #tokens = new Map<string, string>();
  readonly #ended = new AbortController();
  readonly refusals: string[] = [];
  asked = 0;
  #running: Promise<void> | undefined;

  constructor(account: AwsAccount) {
    this.#account = account;
  }

  /** From now on this token must be accepted. */
  add(name: string, token: string): void {
    this.#tokens.set(name, token);
    this.#running ??= this.#run();
  }

  /** From now on nobody asks with it any more. */
  remove(name: string): void {
    this.#tokens.delete(name);
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await Promise.all(
        [...this.#tokens].map(async ([name, token]) => {
          const answer = await this.#account.ask(token);
          this.asked += 1;
          if ("code" in answer)
            this.refusals.push(`${new Date().toISOString()} ${name}: ${answer.code}: ${answer.message}`);
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }
}
