import { PodtrustError } from "../core/base/index.ts";
import {
  oidcProviderArn,
  oidcProviderResource,
  roleResource,
  waitUntilAssumable,
  webIdentityTrustPolicy,
} from "../providers/aws/index.ts";
import { serviceAccountSubject } from "../rules/oidc/index.ts";
import { type ApplyEvent, applyPlan, planOf, type Resource } from "../rules/plan/index.ts";
import type { AwsSide } from "./aws-side.ts";
import { denyPolicy, example } from "./example.ts";
import type { LinkReporter } from "./link-reporter.ts";
import type { OnEvent } from "./report.ts";
import { makeServiceAccounts } from "./service-accounts.ts";
import type { Stage } from "./stage.ts";
import { mintToken } from "./tokens.ts";
import { reportWaits } from "./waits.ts";

const providerOf = ({ session, account, issuer, thumbprints }: AwsSide): Resource =>
  oidcProviderResource(session, {
    stack: example.stack,
    identity: example.identity,
    account,
    issuer,
    audiences: [example.audience],
    thumbprints,
  });

/** Makes the OIDC provider alone; gives its ARN. */
export async function makeProvider(side: AwsSide): Promise<string> {
  const { session, account, issuer, signal } = side;
  const outcome = await applyPlan(await planOf({ desired: [providerOf(side)] }, signal), { signal });
  const [failed] = outcome.failed;
  if (failed !== undefined) throw failed.error;
  return oidcProviderArn(session.partition, account, issuer);
}

function resources(side: AwsSide, token: () => Promise<string>): Resource[] {
  const { session, account, issuer } = side;
  const provider = providerOf(side);
  const trustPolicy = webIdentityTrustPolicy({
    partition: session.partition,
    account,
    issuer,
    audiences: [example.audience],
    serviceAccounts: [`${example.namespace}/${example.serviceAccount}`],
  });
  const role = roleResource(session, {
    stack: example.stack,
    identity: example.identity,
    account,
    name: example.role,
    trustPolicy,
    policies: [example.policy],
    inline: { "keep-the-root-password": denyPolicy(account) },
    dependsOn: [provider.id],
    untilUsable: async (roleArn, work) => {
      const request = { roleArn, sessionName: example.sessionName, token: await token() };
      await waitUntilAssumable(session, request, work);
      return true;
    },
  });
  return [provider, role];
}

/** The outcome of making OIDC provider and role, link by link. */
interface MadeRole {
  readonly roleArn: string;
  /** What the link shows; rejects with what went wrong there. */
  link(name: "provider" | "trust"): Promise<string>;
}

/** Plans and applies OIDC provider and role. */
async function makeBoth(
  side: AwsSide,
  token: () => Promise<string>,
  onEvent: (event: ApplyEvent) => void,
): Promise<MadeRole> {
  const { session, account, issuer } = side;
  const plan = await planOf({ desired: resources(side, token) }, side.signal);
  const outcome = await applyPlan(plan, { onEvent, signal: side.signal });
  const roleArn = `arn:${session.partition}:iam::${account}:role/${example.role}`;
  const subject = serviceAccountSubject(example.namespace, example.serviceAccount);
  const details = {
    provider: `${oidcProviderArn(session.partition, account, issuer)}, for the audience ${example.audience}`,
    trust: `${roleArn} admits the subject ${subject} with the audience ${example.audience} and no other; its policies are ${example.policy.split("/")[1]} and an inline Deny`,
  };
  return {
    roleArn,
    link(name) {
      const failure = [...outcome.failed, ...outcome.unconfirmed].find(
        ({ change }) => change.resource.link === name,
      );
      if (failure !== undefined) return Promise.reject(failure.error);
      if (!outcome.skipped.some(({ resource }) => resource.link === name))
        return Promise.resolve(details[name]);
      return Promise.reject(new PodtrustError("interrupted", `the ${name} was not made`));
    },
  };
}

/** Makes OIDC provider and role, and reports both links; gives the role's ARN. Throws `demo-link-broken`. */
export async function reportProviderAndRole(
  stage: Stage,
  side: AwsSide,
  reporter: LinkReporter,
  onEvent: OnEvent,
): Promise<string> {
  // The one token that the role trusts cannot be tried before STS knows the role.
  await reporter.during("serviceaccount", () => makeServiceAccounts(stage));
  const made = await reporter.during("provider", () =>
    makeBoth(
      side,
      () => mintToken(stage, example.serviceAccount, example.audience),
      reportWaits(onEvent, stage.clock),
    ),
  );
  for (const name of ["provider", "trust"] as const) await reporter.link(name, () => made.link(name));
  return made.roleArn;
}
