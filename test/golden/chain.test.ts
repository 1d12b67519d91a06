/** What commands print with `--json` of a stack at AWS that is served, checked and taken down, in one order. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { guideWorld } from "../docs/guide-world.ts";
import { ShownRuns } from "./shown.ts";

const config = (more = ""): string => `
stack: prod
issuer: https://oidc.example.com
cluster: {kubeconfig: .kube/config}
publisher:
  source: {kubeconfig: publisher.kubeconfig}
  https: {acme: {email: ops@example.com}}
aws:
  - account: "111122223333"
    region: eu-central-1
    roles:
      - name: demo
        serviceAccounts: [default/demo-service-account]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
${more}`;

/** Of a role that nobody has made yet. */
const second = "      - {name: second, maxSession: 2h, serviceAccounts: [shop/web]}\n";
const role = "arn:aws:iam::111122223333:role/demo";
const url = "https://oidc.example.com";

/** Before anything is made, while the stack stands, when a role was added to its config, and after it. */
const before = [
  "version",
  "completion bash",
  `init --no-detect --yes -f new.yaml --issuer ${url} --account 111122223333`,
  "init --no-detect -f other.yaml",
  "plan --check",
  "status",
  "up --yes",
];
const standing = [
  "up --yes",
  "plan --check",
  "status",
  "test",
  "doctor",
  `doctor ${url}`,
  "map",
  "token default/demo-service-account",
  `explain --token token --role ${role}`,
  `explain --token token --role ${role} --at 2020-01-01T00:00:00Z`,
  "explain --token token --for gcp --discovery none.json",
  "output",
  "output oidc_provider_arn",
  "output nothing",
  "export opentofu",
  "export ansible-vars",
  "export ansible-inventory",
  "bind default/web --policy ReadOnlyAccess",
  "bind default/web",
  "rotate status",
  "rotate distrust KID",
  "rotate restore KID",
  "backup keygen -o identity.txt",
  "backup create",
  "backup create -f served.yaml --recipient RECIPIENT --output backup.age",
  "backup verify backup.age -f served.yaml --identity identity.txt",
  "backup verify none.age",
  "restore backup.age -f served.yaml --identity identity.txt --yes",
  "signer create --state signer",
  "signer status --state signer",
  "operator status --address 127.0.0.1:1",
  "publish keys",
  "publish s3",
  "adopt plan",
  "adopt status",
  "apply demo",
  "import arn:aws:iam::111122223333:role/other --yes",
];
const changed = ["plan", "plan --check", "status", "up --yes --only second", "status --only trust"];
/** Refused, since no machine is in the config: what they do there is shown by test/tools/host/. */
const onMachine = ["ssh", "tunnel", "logs k3s", "publisher upgrade", "publisher rollback"];
const wrong = ["status -f none.yaml", "status -f wrong.yaml", "plan --only nothing"];

describe("the golden output of commands with --json", () => {
  test("of a stack at AWS from its first plan to its end", async (t) => {
    const world = await guideWorld(t, { hasRotated: false });
    const runs = new ShownRuns();
    const run = (line: string, into?: string) =>
      world.run({ words: ["podtrust", ...line.split(" ")], into, end: "|" });
    let recipient = "";
    const show = async (lines: readonly string[]): Promise<void> => {
      for (const line of lines) {
        const result = await run(`${line.replace("RECIPIENT", recipient)} --json`);
        assert.ok(result !== undefined);
        runs.add(line, result);
        recipient = (JSON.parse(result.out) as { readonly recipient?: string }).recipient ?? recipient;
      }
    };
    await world.config(config());
    await run("serve");
    await show(before);
    await run("token default/demo-service-account --raw", "token");
    await show(standing);
    await world.config(config(second));
    await show(changed);
    await show(["down --yes", "status", ...onMachine, ...wrong]);
    runs.hold("chain");
  });
});
