/**
 * What `up`, changes of a config and `down` write at each cloud: method, path and body, with marks and names, and what the
 * commands print of it with `--json`.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { azureStackWorld } from "../azure/stack-world.ts";
import { email, projectNumber } from "../gcp/google-world.ts";
import { googleStackWorld } from "../gcp/stack-world.ts";
import { CreateRoleCommand } from "@aws-sdk/client-iam";
import { podtrustHere } from "../support/cli.ts";
import { hetznerWorld } from "../support/hetzner-world.ts";
import { webIdentityTrust } from "../support/sandbox.ts";
import { stackWorld } from "../support/stack-world.ts";
import { Recording } from "./recording.ts";
import { hold, type StoryOfStack } from "./story.ts";

/** Nobody serves the issuer there, and no resolver is asked for its name. */
const nowhere = "--connect-to oidc.example.com:443:127.0.0.1:1";
const looks = ["status", "test", "doctor", "map"].map((command) => `${command} ${nowhere}`);
const common = ["plan", "up --yes", "up --yes", ...looks, "output", "export opentofu"];

async function aws(t: TestContext): Promise<void> {
  const world = await stackWorld(t);
  const recording = new Recording(t);
  process.env["AWS_ENDPOINT_URL"] = await recording.before("aws", world.sandbox.url);
  const config = (roles: string): string => `
stack: prod
issuer: ${world.issuer.issuer}
aws:
  - account: "111122223333"
    region: eu-central-1
    audiences: [sts.amazonaws.com, shop]
    tags: {team: platform}
    roles: ${roles}
`;
  const policies = "policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]";
  const document =
    '{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}';
  const missing = "arn:aws:iam::111122223333:policy/missing";
  const trust = webIdentityTrust("arn:aws:iam::111122223333:oidc-provider/oidc.example.test");
  const legacy = { RoleName: "legacy", AssumeRolePolicyDocument: JSON.stringify(trust) };
  const inline = `inline: {read: ${document}}`;
  await hold(
    { name: "aws", recording, config: (text) => world.config(text), run: (args) => world.podtrust(args) },
    [
      { config: config(`[{name: web, path: /shop/, ${policies}, serviceAccounts: [shop/web]}]`) },
      "plan --out saved.json",
      {
        kept: "saved.json",
        read: () => JSON.parse(readFileSync(join(world.folder, "saved.json"), "utf8")) as unknown,
      },
      "up --yes",
      "up --yes",
      "status",
      {
        config: config(
          `[{name: web, path: /shop/, maxSession: 2h, ${inline}, serviceAccounts: [shop/web, shop/jobs]}]`,
        ),
      },
      "plan --check",
      "up --yes",
      { config: config(`[{name: web, path: /shop/, policies: [${missing}], serviceAccounts: [shop/web]}]`) },
      "up --yes",
      { other: () => world.iam.send(new CreateRoleCommand(legacy)) },
      { config: config(`[{name: legacy, ${policies}, serviceAccounts: [shop/web]}]`) },
      "plan --check",
      "up --yes",
      "import legacy --yes",
      { config: config("[]") },
      "up --yes",
      "down --yes",
    ],
  );
}

async function google(t: TestContext): Promise<void> {
  const world = await googleStackWorld();
  t.after(() => world.close());
  const recording = new Recording(t);
  const iam = await recording.before("gcp", world.google.url);
  const env = { ...world.env, CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: iam };
  const config = (keys: string, accounts: string, direct = "[]"): string => `
stack: prod
issuer: https://oidc.example.com
cluster: {kubeconfig: kubeconfig}
gcp:
  - project: shop-project
    projectNumber: "${projectNumber}"
    keys: ${keys}
    serviceAccounts: ${accounts}
    direct: ${direct}
`;
  const run: StoryOfStack["run"] = (args) => world.podtrustOn({ env }, args);
  const one = (accounts: string): string => `[{email: ${email}, serviceAccounts: ${accounts}}]`;
  await hold({ name: "gcp", recording, config: (text) => world.config(text), run }, [
    { config: config("upload", one("[shop/web]")) },
    ...common,
    "publish keys",
    "wait bindings --kubeconfig kubeconfig",
    { config: config("fetch", one("[shop/web, shop/jobs]"), "[{serviceAccounts: [shop/direct]}]") },
    "plan --check",
    "up --yes",
    { config: config("fetch", "[]", "[{serviceAccounts: [shop/direct]}]") },
    "up --yes",
    "down --yes",
  ]);
}

async function azure(t: TestContext): Promise<void> {
  const world = await azureStackWorld();
  t.after(() => world.close());
  await world.reset({ identities: [{ name: "foreign" }] });
  const recording = new Recording(t);
  const env = await recording.environment("azure", world.env);
  await hold(
    {
      name: "azure",
      recording,
      config: (identities) => world.config(identities),
      run: (args) => world.podtrust(args, { env }),
    },
    [
      { config: "- {name: web, serviceAccounts: [shop/web]}\n" },
      ...common,
      {
        config:
          "- {name: web, serviceAccounts: [shop/jobs]}\n- {name: foreign, serviceAccounts: [shop/web]}\n",
      },
      "plan --check",
      {
        other: () =>
          (world.relay.onCall = (call) => (/^PUT .*credentials/u.test(call) ? "denied" : "answered")),
      },
      "up --yes",
      { other: () => (world.relay.onCall = () => "answered") },
      "up --yes",
      "import foreign --yes",
      { config: "- {name: web, serviceAccounts: [shop/jobs]}\n" },
      "up --yes",
      "down --yes",
    ],
  );
}

/** Its server is not there: test/peers/openbao-stack.test.ts has a real one. */
async function openbao(t: TestContext): Promise<void> {
  const world = await hetznerWorld(t);
  await hold(
    {
      name: "openbao",
      recording: new Recording(t),
      config: (text) => world.config(text),
      run: (args) =>
        podtrustHere(args, {
          cwd: world.folder,
          clock: world.clock,
          env: { BAO_TOKEN: "t", BAO_ADDR: "https://127.0.0.1:1" },
        }),
    },
    [
      {
        config: `
stack: prod
issuer: https://oidc.example.com
openbao:
  - address: https://127.0.0.1:1
    mount: podtrust
    roles: [{name: web, serviceAccounts: [shop/web], policies: [web]}]
`,
      },
      "plan",
      "up --yes",
      ...looks,
      "output",
      "export opentofu",
    ],
  );
}

/** Paths below a folder, each with its mode. */
function filesIn(folder: string): readonly string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return paths.map((path) => `${(statSync(join(folder, path)).mode & 0o7777).toString(8)} ${path}`);
}

async function machine(t: TestContext): Promise<void> {
  const world = await hetznerWorld(t);
  const recording = new Recording(t);
  const env = {
    ...world.env,
    HCLOUD_ENDPOINT: await recording.before("hetzner", world.env["HCLOUD_ENDPOINT"] ?? ""),
    XDG_STATE_HOME: join(world.folder, "state"),
  };
  await mkdir(join(world.folder, "state"), { mode: 0o700 });
  await hold(
    {
      name: "machine",
      recording,
      config: (text) => world.config(text),
      run: (args) => world.podtrust(args, { env }),
    },
    [
      "plan",
      "up --yes",
      {
        kept: "files of the state folder, with their modes",
        read: () => filesIn(join(world.folder, "state")),
      },
      "up --yes",
      "output",
      "export opentofu",
      "export ansible-inventory",
      "down --yes",
      "down --yes --confirm prod",
    ],
  );
}

describe("the golden writes and output", () => {
  test("of a stack at AWS that grows, changes and ends", aws);
  test("of a stack at Google that grows, changes and ends", google);
  test("of a stack at Azure that grows, changes and ends", azure);
  test("of a stack at OpenBao whose server is away", openbao);
  test("of a machine at Hetzner from its first plan to its end", machine);
});
