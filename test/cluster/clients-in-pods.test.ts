/** boto3 and the AWS CLI of PyPI as workloads use them: in pods, with tokens that the kubelet projects and renews. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { putParameter } from "../../src/providers/aws/index.ts";
import { roleEnvironment } from "../../src/rules/injection/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { awsCliVenv } from "../support/aws-cli.ts";
import { boto3Venv } from "../support/boto3.ts";
import { type Cluster, untilJobEnds } from "./harness/index.ts";
import { type ClusterWithAws, startClusterWithAws } from "./pods/cluster-with-aws.ts";
import { pypiClientFolders, pypiClientsLeftOut } from "./pods/pypi-clients.ts";
import { pythonJob } from "./pods/python-job.ts";
import { tokenFile, type TokenJob } from "./pods/token-job.ts";
import { recordTokens, type TokenRecorder } from "./pods/token-recorder.ts";
import { type AwsAccount, trustingAccount } from "./story/aws-account.ts";
import { until } from "../support/until.ts";

const issuer = `https://${randomUUID()}.cluster.example`;
const demo = "demo-service-account";
const stranger = "another-service-account";
const notAuthorized =
  "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: " +
  "Not authorized to perform sts:AssumeRoleWithWebIdentity";

function arnOf(session: string): string {
  return `arn:aws:sts::111122223333:assumed-role/story/${session}`;
}

function mayNotWrite(session: string): string {
  return (
    "An error occurred (AccessDeniedException) when calling the PutParameter operation: " +
    `User: ${arnOf(session)} is not authorized to perform: ssm:PutParameter on resource: ` +
    "arn:aws:ssm:eu-central-1:111122223333:parameter/demo/greeting because no identity-based policy allows the " +
    "ssm:PutParameter action"
  );
}

const succeeded = (out: string): unknown => ({ code: 0, out, err: "" });
const failed = (err: string): unknown => ({ code: 255, out: "", err });
const parsed = (line: string): unknown => (line.startsWith("{") ? (JSON.parse(line) as unknown) : line);
const program = (file: string): string => readFileSync(new URL(`pods/${file}`, import.meta.url), "utf8");

const skip = await pypiClientsLeftOut();

describe("clients of PyPI in real pods", { skip }, () => {
  let world: ClusterWithAws;
  let cluster: Cluster;
  let sandbox: Sandbox;
  let account: AwsAccount;
  let recorder: TokenRecorder;
  let folders: readonly string[];

  before(async () => {
    folders = await pypiClientFolders();
    world = await startClusterWithAws(issuer);
    ({ cluster, sandbox } = world);
    for (const one of [demo, stranger]) await cluster.kubectl(["create", "serviceaccount", one]);
    account = await trustingAccount(sandbox, issuer, `default/${demo}`);
    await putParameter(account.session, { name: "/demo/greeting", value: "hello" });
    recorder = await recordTokens(sandbox.url);
  });

  after(async () => {
    await recorder?.close();
    account?.session.close();
    await world?.stop();
  });

  /** Starts a Job with the variables that workloads get; its name is that of its session too. */
  async function start(job: Pick<TokenJob, "name" | "serviceAccount"> & Partial<TokenJob>): Promise<void> {
    const environment = {
      ...roleEnvironment(
        { roleArn: account.roleArn, sessionName: job.name, region: "eu-central-1" },
        tokenFile,
      ),
      AWS_ENDPOINT_URL: recorder.url,
      ...job.environment,
    };
    await cluster.kubectl(["apply", "-f", "-"], pythonJob({ folders, ...job, environment }));
  }

  const logOf = (job: string): Promise<string> => cluster.kubectl(["logs", `job/${job}`]);

  /** What the Job has said, a line of JSON each time, when it has spoken so often, or when it has said anything else. */
  async function untilSaid(job: string, times: number): Promise<readonly unknown[]> {
    let log = "";
    const said = async (): Promise<readonly unknown[] | undefined> => {
      // Until the container is there, there is no log.
      log = await logOf(job).catch(() => "");
      const lines = log.split("\n").slice(0, -1);
      const isOver = lines.length >= times || lines.some((line) => !line.startsWith("{"));
      return isOver ? lines.map(parsed) : undefined;
    };
    return until(`${times} lines of ${job}`, said, { everyMs: 200, detail: () => log });
  }

  async function exitCodeOf(job: string): Promise<string> {
    const path = "{.items[0].status.containerStatuses[0].state.terminated.exitCode}";
    return cluster.kubectl(["get", "pods", `--selector=job-name=${job}`, `--output=jsonpath=${path}`]);
  }

  test("the AWS CLI as a pod's own command says who it is", async () => {
    const command = [awsCliVenv.program("aws"), "sts", "get-caller-identity", "--query=Arn", "--output=text"];
    await start({ name: "cli-who", serviceAccount: demo, command });
    const outcome = await untilJobEnds(cluster, "default", "cli-who");
    assert.deepEqual([outcome, (await logOf("cli-who")).trim()], ["Complete", arnOf("cli-who")]);
  });

  test("the AWS CLI in a pod of another ServiceAccount is refused, with AWS's text", async () => {
    const command = [awsCliVenv.program("aws"), "sts", "get-caller-identity"];
    await start({ name: "cli-stranger", serviceAccount: stranger, command });
    assert.equal(await untilJobEnds(cluster, "default", "cli-stranger"), "Failed");
    const said = [await exitCodeOf("cli-stranger"), (await logOf("cli-stranger")).trim()];
    assert.deepEqual(said, ["255", notAuthorized]);
  });

  test("boto3 in a pod of another ServiceAccount is refused, with AWS's text", async () => {
    const command = [boto3Venv.program("python"), "-c", program("boto3-life.py"), "stranger"];
    await start({ name: "boto3-stranger", serviceAccount: stranger, command });
    const outcome = await untilJobEnds(cluster, "default", "boto3-stranger");
    const log = await logOf("boto3-stranger");
    assert.equal(outcome, "Complete", log);
    assert.equal((JSON.parse(log) as { refused: string }).refused, notAuthorized);
  });

  // It keeps the role's credentials in ~/.aws/cli/cache, and does not go on without.
  test("the AWS CLI needs a home that it may write into, also in a pod whose root is read-only", async () => {
    const command = [awsCliVenv.program("aws"), "sts", "get-caller-identity"];
    const environment = { HOME: "/nonexistent" };
    await start({ name: "cli-homeless", serviceAccount: demo, command, environment });
    const outcome = await untilJobEnds(cluster, "default", "cli-homeless");
    assert.equal(outcome, "Failed");
    assert.match(await logOf("cli-homeless"), /Read-only file system: '\/nonexistent'/u);
    assert.equal(recorder.sent("cli-homeless").length, 1);
  });

  test("both read the parameters, may not write them, and go on with the token that the kubelet has renewed", async () => {
    const python = boto3Venv.program("python");
    await start({ name: "boto3", serviceAccount: demo, command: [python, "-c", program("boto3-life.py")] });
    const commands = [python, "-c", program("aws-cli-life.py"), awsCliVenv.program("aws")];
    await start({ name: "cli", serviceAccount: demo, command: commands });
    const who = { pid: 1, arn: arnOf("boto3"), read: { "/demo/greeting": "hello" } };
    const said = [who, { pid: 1, refused: mayNotWrite("boto3") }];
    const cliSaid = [succeeded(arnOf("cli")), succeeded("/demo/greeting\thello"), failed(mayNotWrite("cli"))];
    assert.deepEqual(await untilSaid("boto3", said.length), said);
    assert.deepEqual(await untilSaid("cli", cliSaid.length), cliSaid);
    const [first] = recorder.sent("boto3");
    const [cliFirst] = recorder.sent("cli");
    assert.deepEqual([...new Set(recorder.sent("boto3"))], [first]);
    assert.deepEqual(recorder.sent("cli"), [cliFirst]);

    await cluster.node.kubelet.restart();
    assert.deepEqual(await untilSaid("boto3", said.length + 1), [...said, who]);
    // The token is part of the name under which the CLI keeps credentials: a new token is exchanged at the next command,
    // and once.
    const cliAfter = [succeeded("hello"), succeeded(arnOf("cli"))];
    assert.deepEqual(await untilSaid("cli", cliSaid.length + 2), [...cliSaid, ...cliAfter]);
    for (const job of ["boto3", "cli"])
      assert.equal(await untilJobEnds(cluster, "default", job), "Complete", await logOf(job));
    const second = recorder.sent("boto3").at(-1);
    assert.notEqual(second, first);
    assert.deepEqual([...new Set(recorder.sent("boto3"))], [first, second]);
    const [, cliSecond, ...more] = recorder.sent("cli");
    assert.ok(cliSecond !== undefined && cliSecond !== cliFirst);
    assert.deepEqual(more, []);
  });
});
