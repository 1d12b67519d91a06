import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Host } from "../../src/cli/index.ts";
import { type IssuerNaming, loadConfig } from "../../src/config/index.ts";
import { defined } from "../../src/core/base/index.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";

const account = "111122223333";

describe("init", () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), "podtrust-init-"));
  });
  afterEach(() => rm(cwd, { recursive: true }));

  const init = (args: readonly string[], host: Partial<Host> = {}): Promise<CliResult> =>
    podtrustHere(["init", "--no-detect", ...args], { cwd, ...host });
  const written = (): Promise<string> => readFile(join(cwd, "podtrust.yaml"), "utf8");
  const cluster = ["--cluster", "--issuer", "oidc.example.com", "--account", account];

  const zone = ["--zone", "example.com", "--account", account];
  const named: IssuerNaming = ({ zone: below }) => Promise.resolve({ host: `name.${below}`, isNew: false });

  /** Answers typed at a terminal, one line each. */
  async function typed(
    lines: readonly string[],
    args: readonly string[] = [],
    env: Host["env"] = {},
  ): Promise<CliResult> {
    const said = { out: "", err: "" };
    const stdin = Object.assign(Readable.from(lines.map((line) => `${line}\n`)), { isTTY: true });
    const { code } = await init(args, {
      env: { NO_COLOR: "1", ...env },
      stdin,
      stdout: { isTTY: true, write: (text) => (said.out += text) },
      stderr: { isTTY: true, write: (text) => (said.err += text) },
    });
    return { code, ...said };
  }

  for (const [what, args] of Object.entries({
    "a cluster that exists": cluster,
    "one context of the kubeconfig": ["--cluster", "kind-dev", ...cluster.slice(1)],
    "an issuer that is served elsewhere": [...cluster, "--publisher", "none"],
    "an S3 bucket": [...cluster, "--bucket", "keys-of-prod"],
    "an e-mail address for the CA, and another stack": [
      ...cluster,
      "--email",
      "a@example.com",
      "--stack",
      "eu",
    ],
    "a new machine and a name at Cloudflare": ["--machine", "hetzner", ...zone],
    "a new machine of another type, its name at Hetzner": [
      "--machine",
      "hetzner/cx23/fsn1",
      ...zone,
      "--dns",
      "hetzner",
    ],
    "a machine reached by SSH, its name at Route 53": [
      "--machine",
      "admin@203.0.113.7",
      ...zone,
      "--dns",
      "route53",
    ],
    "a machine with an issuer of its own": ["--machine", "hetzner", ...cluster.slice(1)],
    "China's partition": [...cluster, "--region", "cn-north-1"],
  })) {
    test(`writes a config with comments that loads without a warning: ${what}`, async () => {
      const { code, out, err } = await init(args);
      assert.deepEqual([code, err], [0, ""]);
      assert.match(out, /podtrust\.yaml is written\. Next:[^]*podtrust plan\n {2}podtrust up/u);
      assert.match(
        await written(),
        /^# What podtrust owns, in one file[^]*\n# Every key.*docs\/reference\/config\.md/u,
      );
      const { warnings } = await loadConfig(join(cwd, "podtrust.yaml"), { HOME: "/h" }, named);
      assert.deepEqual(warnings, []);
    });
  }

  for (const [kubeconfig, file] of [
    [undefined, "/h/.kube/config"],
    ["~/my clusters/a #1", "/h/my clusters/a #1"],
    ["/etc/k8s/{a}", "/etc/k8s/{a}"],
  ] as const) {
    test(`names the cluster's credentials so that they are found again: ${kubeconfig ?? "kubectl's default"}`, async () => {
      await init(cluster, { env: defined({ KUBECONFIG: kubeconfig }) });
      const config = await loadConfig(join(cwd, "podtrust.yaml"), { HOME: "/h" });
      assert.ok(config.cluster !== undefined && "kubeconfig" in config.cluster);
      assert.equal(config.cluster.kubeconfig, file);
    });
  }

  test("China's policies have ARNs of China", async () => {
    await init([...cluster, "--region", "cn-north-1"]);
    assert.match(await written(), /arn:aws-cn:iam::aws:policy\/AmazonSSMReadOnlyAccess/u);
  });

  test("five questions are asked at a terminal, a wrong answer again with what is accepted", async () => {
    const answers = ["4", "3", "oidc.example.com", "12", "1111-2222-3333", "", "ReadOnlyAccess"];
    const { code, err } = await typed(answers);
    assert.equal(code, 0, err);
    assert.match(err, /"4" is not 1, USER@ADDRESS of your machine, or 3/u);
    assert.match(err, /accepted: 12 digits in quotes/u);
    const config = await loadConfig(join(cwd, "podtrust.yaml"), { HOME: "/h" });
    assert.equal(config.issuer, "https://oidc.example.com");
    assert.deepEqual(config.aws[0]?.roles[0]?.policies, ["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    assert.deepEqual(config.aws[0]?.roles[0]?.serviceAccounts, ["default/app"]);
  });

  test("the answer 1 is a new machine below a zone, and what it needs in the environment is said", async () => {
    const { code, out, err } = await typed(["1", "example", "example.com", account, "", ""]);
    assert.equal(code, 0, err);
    assert.match(err, /"example" is not the name of a zone/u);
    assert.match(out, /export HCLOUD_TOKEN=…\n {2}export CLOUDFLARE_API_TOKEN=…\n {2}podtrust plan/u);
    const { machine, dns, issuer } = await loadConfig(join(cwd, "podtrust.yaml"), { HOME: "/h" }, named);
    assert.deepEqual(
      [machine?.hetzner?.type, machine?.hetzner?.location, machine?.cni],
      ["cax11", "nbg1", "cilium"],
    );
    assert.deepEqual([dns?.provider.kind, issuer], ["cloudflare", "https://name.example.com"]);
  });

  test("what was given as a flag is not asked again", async () => {
    const { code, err } = await typed(["", ""], cluster);
    assert.equal(code, 0, err);
    assert.doesNotMatch(err, /already|account that trusts/u);
  });

  test("an input that ends at a question writes nothing", async () => {
    const { code, err } = await typed(["3"]);
    assert.equal(code, 1);
    assert.match(
      err,
      /ended at a question: nothing was written\nnext: +Run it again; answers can be given as flags/u,
    );
    await assert.rejects(written(), { code: "ENOENT" });
  });

  test("without a terminal every missing answer is named by its flag", async () => {
    const { code, err } = await init([]);
    assert.equal(code, 2);
    assert.match(err, /--machine or --cluster, --zone, --account/u);
  });

  for (const [args, said] of [
    [["--account", "11"], /--account: "11".*12 digits/u],
    [["--region", "Europe"], /--region: "Europe".*eu-central-1/u],
    [["--stack", "Prod!"], /--stack: "Prod!".*lower-case/u],
    [["--service-account", "app"], /--service-account: "app".*NAMESPACE\/NAME/u],
    [["--bucket", "A_B"], /--bucket: "A_B"/u],
    [["--email", "me"], /--email: "me".*e-mail address/u],
    [["--zone", "a.com", "--issuer", "b.com"], /--zone and --issuer/u],
    [["--machine", "hetzner", "--cluster"], /--machine and --cluster/u],
    [["--machine", "hetzner/CX 23"], /--machine: "CX 23".*accepted/u],
    [["--machine", "me@-oProxyCommand=x"], /--machine: "-oProxyCommand=x"/u],
    [["--machine", "lenovo"], /--machine: "lenovo" is not hetzner/u],
  ] as const) {
    test(`a wrong answer is refused by its flag, and nothing is written: ${args.join(" ")}`, async () => {
      const kept = cluster.filter((word, at) => ![word, cluster[at - 1]].includes(args[0]));
      const { code, err } = await init([...(args[0] === "--machine" ? [] : kept), ...args]);
      assert.equal(code, 2, err);
      assert.match(err, said);
      await assert.rejects(written(), { code: "ENOENT" });
    });
  }

  test("a zone is no answer for a cluster that exists, which has its issuer already", async () => {
    const { code, err } = await init(["--cluster", "--zone", "example.com", "--account", account]);
    assert.equal(code, 2);
    assert.match(err, /--zone makes a name for a machine[^]*--issuer/u);
  });

  test("a file that exists is never written over, and nothing is asked before that is said", async () => {
    await writeFile(join(cwd, "podtrust.yaml"), "mine\n");
    const { code, err } = await typed(["3"]);
    assert.equal(code, 2);
    assert.doesNotMatch(err, /What is there/u);
    assert.match(err, /exists already.*\n.*-f FILE/u);
    assert.equal(await written(), "mine\n");
  });

  test("at a terminal the kubeconfig's contexts are answers", async () => {
    const contexts = ["dev", "prod"].map((name) => ({ name, context: { cluster: "c", user: "u" } }));
    const kubeconfig = join(cwd, "kubeconfig");
    await writeFile(kubeconfig, JSON.stringify({ "current-context": "dev", contexts }));
    const answers = ["prod", "oidc.example.com", account, "", ""];
    const { code, err } = await typed(answers, [], { KUBECONFIG: kubeconfig });
    assert.equal(code, 0, err);
    assert.match(err, /a Kubernetes cluster, the kubeconfig's dev\n[^]*another of its: prod\n/u);
    const { cluster: source } = await loadConfig(join(cwd, "podtrust.yaml"), { HOME: "/h" });
    assert.deepEqual(source, { kubeconfig, context: "prod", configFolder: cwd });
  });

  test("--json says which file, and what comes next", async () => {
    const { out } = await init([...cluster, "--json", "-f", "eu.yaml"]);
    const { file, next } = JSON.parse(out) as { file: string; next: string[] };
    assert.equal(file, join(cwd, "eu.yaml"));
    assert.deepEqual(next.at(-1), "podtrust up -f eu.yaml");
  });

  test("gives each stack an identity of its own, whatever it is called, as text and never as a number", async () => {
    const identities = new Set<string>();
    for (let run = 0; run < 20; run += 1) {
      await rm(join(cwd, "podtrust.yaml"), { force: true });
      const { code, err } = await init([...cluster, "--stack", "prod"]);
      assert.equal(code, 0, err);
      const { identity } = await loadConfig(join(cwd, "podtrust.yaml"), { HOME: "/h" });
      assert.match(await written(), new RegExp(`^identity: "${identity}"$`, "mu"));
      identities.add(identity);
    }
    assert.equal(identities.size, 20);
  });

  test("names the stack by its issuer, and no two stacks below one zone alike, since things at a provider are called by it", async () => {
    const stackOf = async (...args: readonly string[]): Promise<string> => {
      await rm(join(cwd, "podtrust.yaml"), { force: true });
      const { code, err } = await init(args);
      assert.equal(code, 0, err);
      return (await loadConfig(join(cwd, "podtrust.yaml"), { HOME: "/h" }, named)).stack;
    };
    assert.equal(await stackOf(...cluster), "oidc-example-com");
    assert.equal(await stackOf(...cluster, "--stack", "prod"), "prod");
    const eks = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    const long = ["--cluster", "--issuer", eks, "--account", account, "--publisher", "none"];
    assert.match(await stackOf(...long), /^oidc-eks-eu-central-[0-9a-f]{4}$/u);
    assert.equal(await stackOf(...long), await stackOf(...long));
    const random = ["--cluster", "--issuer", "70a.example.com", "--account", account, "--publisher", "none"];
    assert.equal(await stackOf(...random), "i-70a-example-com");
    const below = ["--machine", "hetzner", ...zone];
    const [one, other] = [await stackOf(...below), await stackOf(...below)];
    assert.match(one, /^example-com-[0-9a-f]{4}$/u);
    assert.notEqual(one, other);
  });
});
