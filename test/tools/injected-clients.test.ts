import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { defined, systemClock } from "../../src/core/base/index.ts";
import { aws, awsCliMissing } from "../support/aws-cli.ts";
import { boto3, boto3Missing } from "../support/boto3.ts";
import { type ChainWorld, startChainWorld } from "../support/chain-world.ts";
import { injectedEnvironment } from "../support/injected.ts";

const missing = (await boto3Missing()) ?? (await awsCliMissing());
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);
if (missing !== undefined) console.log(`left out: boto3 and the AWS CLI with printed manifests: ${missing}`);
const options = defined({ skip: missing });

const arn = "arn:aws:sts::111122223333:assumed-role/k3s-demo-app/k3s-cluster";
let world: ChainWorld;

before(async () => {
  if (missing !== undefined) return;
  world = await startChainWorld(systemClock);
  await world.up();
});
after(() => world?.close());

test(
  "with what manifests workload prints, and nothing else, boto3 has role and region",
  options,
  async () => {
    const script = `
import boto3
print(boto3.client("sts").get_caller_identity()["Arn"])
print(boto3.client("ssm").describe_parameters()["Parameters"])
`;
    const { code, out, err } = await boto3(script, await injectedEnvironment(world, world.folder));
    assert.deepEqual([code, out], [0, `${arn}\n[]\n`], err);
  },
);

test(
  "with what manifests workload prints, and nothing else, the AWS CLI has role and region",
  options,
  async () => {
    const args = ["sts", "get-caller-identity", "--query", "Arn", "--output", "text"];
    const { code, out, err } = await aws(args, await injectedEnvironment(world, world.folder));
    assert.deepEqual([code, out], [0, `${arn}\n`], err);
  },
);
