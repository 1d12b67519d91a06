import { assumeWithWebIdentity, complaintOf } from "../../providers/aws/index.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { adminSession, putParameters } from "../aws-side.ts";
import { example } from "../example.ts";
import { runJob, type Workload } from "../job.ts";
import { type DemoParty, type OpenedParty, type PartySetup, refusedBy } from "./party.ts";

const [{ name: parameter }] = example.parameters;

async function open({ environment, program, signal }: PartySetup): Promise<OpenedParty> {
  const { sandbox, clock, folder } = environment;
  const session = adminSession(sandbox, clock);
  const { account } = sandbox;
  await putParameters({ session, account, issuer: environment.issuer.url, thumbprints: [], signal });
  const roleArn = `arn:aws:iam::${account}:role/${example.role}`;
  const { region, sessionName } = example;
  const workload: Workload = { program, folder, endpoint: sandbox.url, region, roleArn, sessionName, signal };
  return {
    given: [`account ${account} has the parameter ${parameter}`],
    section: {
      aws: [
        {
          account,
          region,
          audiences: [example.audience],
          roles: [
            {
              name: example.role,
              serviceAccounts: [`${example.namespace}/${example.serviceAccount}`],
              policies: [example.policy],
            },
          ],
        },
      ],
    },
    env: {},
    async exchange(token) {
      try {
        await assumeWithWebIdentity(session, { roleArn, sessionName, token }, signal);
      } catch (thrown) {
        signal.throwIfAborted();
        return refusedBy(sandbox.decisions({ service: "sts" }), complaintOf(thrown));
      }
      const { identity, error } = await runJob(workload, { token, read: parameter });
      if (identity === undefined || error !== undefined)
        throw new PodtrustError(
          "demo-link-broken",
          `reading ${parameter}: ${error?.code}: ${error?.message}`,
        );
      return {
        outcome: "granted",
        identity: identity.arn,
        read: `${parameter} of Parameter Store, by the AWS SDK in a process of its own`,
      };
    },
    close: () => Promise.resolve(session.close()),
  };
}

/** AWS: a role that the ServiceAccount assumes. */
export const awsParty: DemoParty = {
  name: "aws",
  sandbox: {},
  standIn: "IAM, STS and Parameter Store that decide as AWS does",
  shortened: "IAM's propagation delay is one second here",
  rules: {
    "other-account": "trust-policy",
    "other-audience": "audience-registered",
    forged: "signature",
    expired: "not-expired",
  },
  // `up` has waited for it.
  settling: {},
  open,
};
