/** The operator's own role in an account: what it may do is what `up` gives it, and no more. */
import { CreateRoleCommand, type IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { AwsCredentials } from "../../../src/providers/aws/index.ts";
import type { KubernetesObject } from "../../../src/providers/kubernetes/index.ts";
import { operatorPolicy, readTrust } from "../../../src/rules/bindings/index.ts";
import { awsTags } from "../../../src/rules/plan/index.ts";
import type { TestSandbox } from "../sandbox.ts";
import { account } from "./objects.ts";

export const operatorRole = "operator";

export interface OperatorSession {
  readonly credentials: AwsCredentials;
  /** Has the role's policy be that of a trust; where that has no grant any more, that of before: `up` runs later. */
  readonly follow: (trust: KubernetesObject | undefined) => Promise<void>;
}

/** Makes the role, with no rights yet, and assumes it. */
export async function operatorSession({ sandbox }: TestSandbox, iam: IAMClient): Promise<OperatorSession> {
  const lets = { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: lets });
  await iam.send(new CreateRoleCommand({ RoleName: operatorRole, AssumeRolePolicyDocument }));
  const endpoint = { endpoint: sandbox.url, region: "eu-central-1", credentials: sandbox.admin };
  const sts = new STSClient(endpoint);
  const RoleArn = `arn:aws:iam::${account}:role/${operatorRole}`;
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "operator" }));
  sts.destroy();
  let written = "";
  return {
    credentials: {
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken ?? "",
    },
    async follow(trust) {
      const read = readTrust(trust);
      if ("problems" in read || (read.object.grants.length === 0 && written !== "")) return;
      const place = { partition: "aws", account, markKey: awsTags.stackKey };
      const PolicyDocument = JSON.stringify(operatorPolicy(read.object, place));
      if (PolicyDocument === written) return;
      written = PolicyDocument;
      const named = { RoleName: operatorRole, PolicyName: "bindings" };
      await iam.send(new PutRolePolicyCommand({ ...named, PolicyDocument }));
    },
  };
}
