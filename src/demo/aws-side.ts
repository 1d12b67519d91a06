import {
  type AwsSession,
  oidcProviderArn,
  oidcProviderResource,
  openAws,
  putParameter,
  roleResource,
  waitUntilAssumable,
  webIdentityTrustPolicy,
} from "../providers/aws/index.ts";
import { type Clock, PodtrustError } from "../core/base/index.ts";
import { serviceAccountSubject } from "../rules/oidc/index.ts";
import { type ApplyEvent, applyPlan, planOf, type Resource } from "../rules/plan/index.ts";
import { example, denyPolicy } from "./example.ts";

/** What AWS needs to know of the cluster, and how it is asked. */
export interface AwsSide {
  readonly session: AwsSession;
  readonly account: string;
  readonly issuer: string;
  /** Of the stand-in's root, which is no public one. */
  readonly thumbprints: readonly string[];
  readonly signal: AbortSignal;
}

/** A session with the sandbox as its administrator. */
export function adminSession(
  sandbox: {
    readonly url: string;
    readonly admin: { readonly accessKeyId: string; readonly secretAccessKey: string };
  },
  clock: Clock,
): AwsSession {
  return openAws({ region: example.region, endpoint: sandbox.url, credentials: sandbox.admin, clock });
}

/** Puts the demo's parameters into Parameter Store, the denied one among them. */
export async function putParameters(side: AwsSide): Promise<void> {
  for (const parameter of [...example.parameters, example.deniedParameter]) {
    await putParameter(side.session, parameter, side.signal);
  }
}

const providerOf = ({ session, account, issuer, thumbprints }: AwsSide): Resource =>
  oidcProviderResource(session, {
    stack: example.stack,
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

/** What came of making the trust, link by link. */
export interface MadeTrust {
  readonly roleArn: string;
  /** What the link shows; rejects with what went wrong there. */
  link(name: "provider" | "trust"): Promise<string>;
}

/** Plans and applies OIDC provider and role. */
export async function makeTrust(
  side: AwsSide,
  token: () => Promise<string>,
  onEvent: (event: ApplyEvent) => void,
): Promise<MadeTrust> {
  const { session, account, issuer } = side;
  const plan = await planOf({ desired: resources(side, token) }, side.signal);
  const outcome = await applyPlan(plan, { onEvent, signal: side.signal });
  const roleArn = `arn:${session.partition}:iam::${account}:role/${example.role}`;
  const subject = serviceAccountSubject(example.namespace, example.serviceAccount);
  const details = {
    provider: `${oidcProviderArn(session.partition, account, issuer)}, for the audience ${example.audience}`,
    trust: `${roleArn} admits the subject ${subject} with the audience ${example.audience} and nobody else; its policies are ${example.policy.split("/")[1]} and an inline Deny`,
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
