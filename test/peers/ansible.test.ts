/** The sandbox, driven by modules of Ansible that nobody here wrote: what they make, they find again unchanged. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { GetAccountAuthorizationDetailsCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetParametersByPathCommand, SSMClient } from "@aws-sdk/client-ssm";
import { clientEnvironment, startSandbox } from "../../src/sandbox/index.ts";
import { whyNoCluster } from "../cluster/build.ts";
import { ansibleVenv, playbook, type PlaybookRun } from "../support/ansible.ts";
import { awsCliMissing, awsCliVenv } from "../support/aws-cli.ts";
import { boto3Missing, boto3Venv } from "../support/boto3.ts";
import { cleanAwsEnvironment } from "../support/python-venv.ts";

/** Why the suite cannot be run here. */
async function whyNot(): Promise<string | false> {
  const missing =
    whyNoCluster() ?? (await ansibleVenv.missing()) ?? (await boto3Missing()) ?? (await awsCliMissing());
  return missing ?? false;
}

const skip = await whyNot();
if (skip !== false && process.env["CI"] === "true") throw new Error(skip);

const region = "eu-central-1";

interface World {
  /** Operations and services that were asked for in vain. */
  readonly lacking: readonly string[];
  readonly play: (name: string, variables?: object) => Promise<PlaybookRun>;
  /** Names of all roles, policies and parameters that stand there. */
  readonly names: () => Promise<readonly string[]>;
}

async function started(context: TestContext): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-peers-"));
  const credentials = join(folder, "credentials");
  const lacking: string[] = [];
  const sandbox = await startSandbox({
    adminCredentials: credentials,
    propagationMs: 0,
    onDecision({ action, rule }) {
      if (rule.endsWith("-implemented")) lacking.push(action);
    },
  });
  const config = { endpoint: sandbox.url, region, credentials: sandbox.admin };
  const [iam, ssm] = [new IAMClient(config), new SSMClient(config)];
  context.after(async () => {
    for (const client of [iam, ssm]) client.destroy();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });
  const env = cleanAwsEnvironment(clientEnvironment({ url: sandbox.url, region, credentials }));
  return {
    lacking,
    play: (name, variables = {}) =>
      playbook({
        file: join(import.meta.dirname, "ansible", name),
        home: folder,
        python: boto3Venv.program("python"),
        variables: { account: sandbox.account, aws_cli: awsCliVenv.program("aws"), ...variables },
        env: { ...env, PATH: "/usr/bin:/bin", HOME: folder },
      }),
    async names() {
      const { RoleDetailList: roles = [], Policies: policies = [] } = await iam.send(
        new GetAccountAuthorizationDetailsCommand({ Filter: ["Role", "LocalManagedPolicy"] }),
      );
      const { Parameters: parameters = [] } = await ssm.send(
        new GetParametersByPathCommand({ Path: "/", Recursive: true }),
      );
      return [
        ...roles.map((role) => `role ${role.RoleName}`),
        ...policies.map((policy) => `policy ${policy.PolicyName}`),
        ...parameters.map((parameter) => `parameter ${parameter.Name}=${parameter.Value}`),
      ];
    },
  };
}

const first = {
  namespace: "shop",
  actions: ["ssm:GetParameter"],
  tier: "one",
  color: "red",
};
const second = { ...first, namespace: "store", actions: ["ssm:Get*"], tier: "two", color: "blue" };

/** Of what a play says of itself: no task of its failed. */
async function played(run: Promise<PlaybookRun>): Promise<readonly string[]> {
  const { changed, failed } = await run;
  assert.deepEqual(failed ?? [], []);
  return changed;
}

describe("Ansible's modules for AWS against the sandbox", { skip }, () => {
  test("make a workload's provider, roles, policies and parameters, find them unchanged, change and remove them", async (context: TestContext) => {
    const { play, names, lacking } = await started(context);
    const all = [
      "OIDC provider",
      "managed policy",
      "role",
      "role of machines",
      "inline policy",
      "parameter",
      "secret parameter",
    ];
    assert.deepEqual(await played(play("present.yml", first)), all);
    const there = await names();
    assert.deepEqual(there.slice(0, 4), [
      "role cart",
      "role machine",
      "policy cart-parameters",
      "parameter /cart/color=red",
    ]);
    assert.match(there[4] ?? "", /^parameter cart-secret=[\w+/=]{40,}$/u);

    assert.deepEqual(await played(play("present.yml", first)), []);

    const changing = ["managed policy", "role", "inline policy", "parameter", "secret parameter"];
    assert.deepEqual(await played(play("present.yml", second)), changing);

    assert.deepEqual((await played(play("absent.yml", { first: true }))).toSorted(), all.toSorted());
    assert.deepEqual(await names(), []);
    assert.deepEqual(await played(play("absent.yml", { first: false })), []);

    assert.deepEqual(lacking, []);
  });
});
