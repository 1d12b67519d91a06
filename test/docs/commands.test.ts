/**
 * Every command of README and guides is one that exists, and is run. How a page is read (CONTRIBUTING.md says it to
 * those who write one):
 *
 *   ```yaml   a config where it has `stack`, else keys that take the place of that config's, where they are keys of one
 *   ```sh     commands, run from the page's first to its last in one folder; KID stands for a key's ID
 *   ```       output, not looked at
 *
 * A page that does not say `podtrust serve` finds the issuer published; one that does not say `podtrust up` finds AWS
 * made as the config says, unless the name is podtrust's to make. A page without a config finds the README's. One that
 * begins with `podtrust init` finds nothing: what init writes is its config.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { type IssuerNaming, parseConfig } from "../../src/config/index.ts";
import { guideWorld } from "./guide-world.ts";
import { filesOfGroup } from "../../tools/test/groups.ts";
import { type Block, blocksOf, pages, type ShellCommand, shellOf, understand } from "./pages.ts";

/**
 * What needs more than a stand-in, and the test that runs it: a file that has the command's words in a row, or a file and
 * what stands in it where the test types part of them by a function of its own, or calls what the command calls.
 */
const elsewhere: Readonly<Record<string, string | readonly [file: string, by: string]>> = {
  "adopt plan": ["test/cluster/adoption.test.ts", 'run("plan")'],
  "adopt run": ["test/cluster/adoption.test.ts", 'run("run", "--yes")'],
  "adopt status": ["test/cluster/adoption.test.ts", 'run("status")'],
  "adopt finish": ["test/cluster/adoption.test.ts", 'run("finish", "--yes")'],
  "adopt undo": ["test/cluster/adoption.test.ts", 'run("undo", "--yes")'],
  "apply demo": "test/cluster/apply.test.ts",
  "up --demo": ["test/cluster/apply.test.ts", '"up", "--yes", "--demo"'],
  "demo --cluster": ["test/cluster/demo-cluster.test.ts", '"--cluster",'],
  ssh: "test/tools/host/k3s.test.ts",
  kubectl: "test/tools/host/cluster.test.ts",
  tunnel: "test/tools/host/cluster.test.ts",
  logs: "test/tools/host/cluster.test.ts",
  "backup verify": "test/backup/publisher-lost.test.ts",
  "backup create": "test/tools/host/publisher-backup.test.ts",
  restore: "test/backup/publisher-lost.test.ts",
  "operator status": "test/cluster/operator/operator.test.ts",
  "signer run": "test/cluster/signer/signer-process.ts",
  "signer add": "test/tools/pkcs11.test.ts",
  "signer import": ["test/cluster/signer/signer.test.ts", 'signer.command("import", '],
  "signer create": ["test/cluster/signer/signer.test.ts", 'signer.command("create", '],
  "signer status": "test/signer/signer.test.ts",
  "signer promote": ["test/cluster/signer/signer.test.ts", 'signer.command("promote", "--now")'],
  "signer exclude": ["test/cluster/signer/signer.test.ts", 'signer.command("exclude", '],
  "signer remove": ["test/cluster/signer/signer.test.ts", 'signer.command("remove", '],
  "publish s3": "test/cluster/s3.test.ts",
  "rotate status --state": "test/backup/publisher-lost.test.ts",
  "rotate prepare": ["test/cluster/control-plane/rotation.test.ts", 'podtrust("prepare", "--yes", '],
  "rotate promote": ["test/cluster/control-plane/rotation.test.ts", "rotation.promoteInTime()"],
  "rotate finish": ["test/cluster/control-plane/rotation.test.ts", "rotation.finishPublication()"],
  "rotate abort": ["src/control-plane/rotation/rotation.test.ts", "world.rotation().abort()"],
  "rotate run": ["src/control-plane/rotation/rotation.test.ts", 'world.rotation().run("ES256", '],
  "rotate stolen": ["test/cluster/control-plane/rotation.test.ts", 'podtrust("stolen", stolen, '],
  "publisher upgrade": "test/tools/host/publisher.test.ts",
  "publisher rollback": "test/tools/host/publisher.test.ts",
  "test --wait-expiry": ["test/stack/test.test.ts", "run({ waitExpiry: true, "],
  "plan --bindings": "test/stack/bindings.test.ts",
  "status --watch": "test/cli/status.test.ts",
  "map --watch": ["test/map/map.test.ts", '"--watch", "5s"]'],
  "explain --described": ["test/cli/explain-for.test.ts", '["--described", '],
  "wait bindings": "test/cluster/bindings/google.test.ts",
};

/** Pages about what no reader of all pages has: the tests that do on it what the page says. */
const pagesElsewhere: Readonly<Record<string, readonly string[]>> = {
  "docs/how-to/azure.md": [
    "test/azure/application.test.ts",
    "test/azure/party.test.ts",
    "test/azure/rights.test.ts",
    "test/azure/stack.test.ts",
    "test/azure/status.test.ts",
  ],
  "docs/how-to/openbao.md": [
    "test/peers/openbao-stack.test.ts",
    "test/peers/openbao-rights.test.ts",
    "test/peers/openbao-status.test.ts",
    "test/peers/vault-schema.test.ts",
    "test/cluster/injection-parties.test.ts",
  ],
};

/** What a command says when it did what its page promises; the first entry that fits counts. */
const said: Readonly<Record<string, RegExp>> = {
  "plan --check": /Nothing to do/u,
  plan: /Nothing to do|to (?:create|delete)/u,
  up: /Done: |Nothing to do/u,
  down: /Done: /u,
  import: /Done: |Nothing to do/u,
  "token --raw": /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n?$/u,
  token: /system:serviceaccount:default:demo-service-account/u,
  "manifests publisher --values": /^publisher:$/mu,
  "manifests operator --values": /^operator:$/mu,
  "manifests operator": /kind: Deployment/u,
  "manifests publisher": /kind: Deployment/u,
  "manifests publisher-rbac": /nonResourceURLs/u,
  "manifests aws-policy": /"iam:CreateOpenIDConnectProvider"/u,
  "manifests s3-policy": /"AWS:SourceArn"/u,
  "manifests s3-publisher-policy": /"s3:PutObject"/u,
  "publish keys": /has the keys as it should|uploaded to/u,
  bind: /kind: \w+Binding/u,
  "manifests operator-rbac": /podtrust-canary/u,
  "manifests bindings": /podtrust-grants/u,
  "manifests injection": /kind: MutatingAdmissionPolicy\n/u,
  "manifests signer": /service-account-signing-endpoint/u,
  "manifests workload": /serviceAccountToken:/u,
  "manifests demo": /kind: Job/u,
  "status --json": /^\{/u,
  status: /Every link holds|No link is broken/u,
  test: /, 0 not,/u,
  "doctor --json": /^\{/u,
  "doctor --error": /Open: |By the error alone/u,
  doctor: /AWS can read this issuer|Nothing is known to be wrong/u,
  "map --json": /^\{/u,
  map: /The map is in /u,
  explain: /AWS would accept the token/u,
  "backup keygen": /  age1/u,
  "sandbox env": /^export HTTPS_PROXY=http:/mu,
  "rotate status": /current/u,
  "rotate distrust": /\S/u,
  "rotate restore": /is restored/u,
};

/** Words as a test has them in a row. */
const quoted = (words: readonly string[]): string => words.map((word) => JSON.stringify(word)).join(", ");
const isCommand = ({ words }: ShellCommand): boolean => words[0] === "podtrust";
const textOf = ({ words }: ShellCommand): string => words.join(" ");

/** The first entry for a command: its name, or its name and an option. */
async function entryOf(table: object, { words }: ShellCommand): Promise<string | undefined> {
  const args = words.slice(1);
  const { name } = await understand(args);
  return Object.keys(table).find((entry) => {
    const [wanted, option] = entry.split(" --");
    return name === wanted && (option === undefined || args.includes(`--${option}`));
  });
}

const elsewhereOf = (command: ShellCommand): Promise<string | undefined> => entryOf(elsewhere, command);

/** The config that a YAML block means; undefined where it is a file of somebody else's. */
function configOf(block: Block, before: string): string | undefined {
  if (block.language !== "yaml") return undefined;
  const value = parse(block.text) as Record<string, unknown>;
  if ("stack" in value) return block.text;
  const parts = ["cluster", "publisher", "dns", "aws", "openbao"];
  if (!Object.keys(value).every((key) => parts.includes(key))) return undefined;
  return JSON.stringify({ ...(parse(before) as object), ...value });
}

const quickStart = blocksOf("README.md").filter(
  ({ text, language }) => language === "yaml" || /podtrust up/u.test(text),
);
const quickStartConfig = quickStart.find(({ language }) => language === "yaml")?.text ?? "";

for (const page of pages) {
  const blocks = blocksOf(page);
  const commands = blocks.flatMap(shellOf).filter(isCommand);

  test(`${page}: every config is one without a mistake, and every command exists`, async () => {
    let before = quickStartConfig;
    for (const block of blocks) {
      const config = configOf(block, before);
      if (config === undefined) continue;
      const named: IssuerNaming = ({ zone }) => Promise.resolve({ host: `name.${zone}`, isNew: false });
      const { warnings } = await parseConfig(config, "/etc/podtrust/podtrust.yaml", { HOME: "/root" }, named);
      assert.deepEqual(warnings, [], `${page}:${block.line}`);
      if (config === block.text) before = config;
    }
    for (const command of commands) {
      await assert.doesNotReject(understand(command.words.slice(1)), `${page}: ${textOf(command)}`);
    }
  });

  const says = (verb: string): boolean => commands.some(({ words }) => words[1] === verb);

  // A page that is only read has nothing to run.
  if (commands.length === 0 || page in pagesElsewhere) continue;
  test(`${page}: every command works, one after the other`, async (t) => {
    const world = await guideWorld(t);
    const writesOwn = commands[0]?.words[1] === "init";
    if (!writesOwn) await world.config(quickStartConfig);
    const prepare = async (words: readonly string[]): Promise<void> => {
      const result = await world.run({ words: ["podtrust", ...words], into: undefined, end: "" });
      assert.equal(result?.code, 0, `${words.join(" ")}\n${result?.err}`);
    };
    const own = blocks.find((block) => configOf(block, "{}") === block.text);
    if (own !== undefined && !writesOwn) await world.config(own.text);
    const named = parse(own?.text ?? quickStartConfig) as { issuer: unknown; aws?: object };
    // A name that podtrust makes is nobody's before it is made.
    const isNamed = typeof named.issuer === "string";
    if (isNamed && !says("serve")) await prepare(["serve"]);
    if (isNamed && !says("up") && named.aws !== undefined) await prepare(["up", "--yes"]);
    for (const command of blocks.flatMap(shellOf)) {
      if (isCommand(command) && (await elsewhereOf(command)) !== undefined) continue;
      const result = await world.run(command);
      if (result === undefined) continue;
      const all = `${textOf(command)}\n${result.out}${result.err}`;
      assert.equal(result.code, 0, all);
      assert.match(result.out, said[(await entryOf(said, command)) ?? ""] ?? /^/u, all);
      const isPart = command.words.includes("--only");
      const makesRoles = named.aws !== undefined && !isPart;
      if (command.words[1] === "up" && makesRoles) assert.ok((await world.roles()).length > 0, all);
      if (command.words[1] === "down" && !isPart) assert.deepEqual(await world.roles(), [], all);
      if (command.end === "|") assert.ok(parseAllDocuments(result.out).length > 0, all);
    }
  });
}

/** Whether a test's code has a command's words in a row, or what stands for them. */
function isRunIn(text: string, entry: string, by = quoted(entry.split(" "))): boolean {
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gmu, "").replaceAll(/\s+/gu, " ");
  return code.includes(by);
}

test("a command of the pages that another test runs is on a page, and that test is there", async () => {
  const found = await Promise.all(
    pages.flatMap(blocksOf).flatMap(shellOf).filter(isCommand).map(elsewhereOf),
  );
  for (const [entry, proof] of Object.entries(elsewhere)) {
    assert.ok(found.includes(entry), `no page says podtrust ${entry}`);
    const [file, by] = typeof proof === "string" ? [proof, undefined] : proof;
    assert.ok(isRunIn(readFileSync(file, "utf8"), entry, by), `${file} does not run ${entry}`);
  }
});

test("a command is not run by a test that only says its words", () => {
  for (const text of [
    'test("podtrust rotate promote is refused", () => {});',
    '// podtrust("rotate", "promote")',
    ' * podtrust("rotate", "promote")',
    'test("promote", () => podtrust("rotate", "prepare"));',
  ])
    assert.equal(isRunIn(text, "rotate promote"), false, text);
  assert.equal(isRunIn('await podtrust("rotate", "promote", "--yes");', "rotate promote"), true);
  assert.equal(isRunIn('await move("promote");', "rotate promote", 'move("promote")'), true);
});

test("each command of a page that another test follows is in that test", () => {
  for (const [page, files] of Object.entries(pagesElsewhere)) {
    const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
    const commands = blocksOf(page).flatMap(shellOf).filter(isCommand);
    assert.ok(commands.length > 0, page);
    for (const { words } of commands) {
      assert.ok(text.includes(quoted(words.slice(1))), `${files.join()}: nobody runs ${words.join(" ")}`);
    }
  }
});

test("a command that another program runs in its turn is read as one of podtrust's", () => {
  const read = (text: string): readonly string[] =>
    shellOf({ page: "", line: 1, language: "sh", text }).map(textOf);
  assert.deepEqual(read('eval "$(podtrust-sandbox env --for gcp)"\n'), ["podtrust sandbox env --for gcp"]);
  const program = "/usr/local/bin/node /opt/podtrust/dist/cli/main.js";
  assert.deepEqual(read(`kubectl exec deploy/podtrust-operator -- ${program} operator status\n`), [
    "podtrust operator status",
  ]);
  assert.deepEqual(read("docker run --rm podtrust-sandbox:0.1.0 --propagation 0s\n"), [
    "podtrust sandbox --propagation 0s",
  ]);
  assert.deepEqual(read("kubectl get pods\n"), ["kubectl get pods"]);
});

test("a command that does not exist would be found", async () => {
  for (const line of ["plann", "plan --chek", "token", "completion tcsh", "rotate", "status extra"]) {
    await assert.rejects(understand(line.split(" ")), line);
  }
});

/** The words after a group's name choose files of the group: those of another group's end in an error. */
function filesMissed(text: string): readonly string[] {
  const named = text.matchAll(/npm run (?:--silent )?test:([\w-]+)((?: [\w/.-]+)+)$/gmu);
  return [...named].flatMap(([line, group = "", words = ""]) => {
    const files = filesOfGroup(group);
    const isMissed = (word: string): boolean => !files.some((file) => file.includes(word));
    return words.trim().split(" ").some(isMissed) ? [line] : [];
  });
}

test("every suite that a page runs by its group and its name is one of that group", () => {
  const own = globSync("{test,tools,packages/*,clients/*}/**/*.md", { exclude: ["**/node_modules/**"] });
  const texts = ["README.md", "CONTRIBUTING.md", ...pages, ...own].map((page) => readFileSync(page, "utf8"));
  assert.ok(texts.some((text) => /npm run test:[\w-]+ \w/u.test(text)));
  assert.deepEqual(texts.flatMap(filesMissed), []);
  assert.deepEqual(filesMissed("npm run test:cluster argo-synced\nnpm run test:nightly argo-synced\n"), [
    "npm run test:cluster argo-synced",
  ]);
});

test("every script of npm that a page names is there", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  const lines = ["README.md", "CONTRIBUTING.md", ...pages]
    .map((page) => readFileSync(page, "utf8"))
    .join("\n");
  const named = [...lines.matchAll(/npm run (?:--silent )?(\w+(?::\w+)*)/gu)].map(([, name]) => name ?? "");
  assert.ok(named.length > 5);
  assert.deepEqual(
    named.filter((name) => scripts[name] === undefined),
    [],
  );
});

/** The values of a config, however its lines are broken. */
const valuesOf = (value: unknown): number =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0
    ? Object.values(value).reduce((sum: number, one) => sum + valuesOf(one), 0)
    : 1;

test("README leads from a cluster to a pod with a role by thirteen values and the six lines that init prints", () => {
  const [config, commands, ...others] = quickStart;
  assert.equal(valuesOf(parse(config?.text ?? "")), 13);
  assert.equal(commands?.text.trim().split("\n").length, 6);
  assert.deepEqual(others, []);
});

test("README takes at most 90 lines", () => {
  const lines = readFileSync("README.md", "utf8").trimEnd().split("\n").length;
  assert.ok(lines > 40 && lines <= 90, `${lines} lines`);
});
