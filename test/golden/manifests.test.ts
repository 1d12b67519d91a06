/** What each `podtrust manifests` prints: objects, definitions, policies and rights, apart from their words. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseAllDocuments, stringify } from "yaml";
import { isRecord } from "../../src/core/base/index.ts";
import { everyUse } from "../../src/core/command-line/index.ts";
import { podtrust } from "../../src/cli/commands.ts";
import { podtrustHere } from "../support/cli.ts";
import { golden, Texts } from "./golden.ts";

/** A config with every relying party, and a publisher that uses what it can. */
const config = `
stack: prod
issuer: https://oidc.example.com
cluster: {kubeconfig: kubeconfig}
publisher:
  source: {kubeconfig: publisher.kubeconfig}
  https: {acme: {email: ops@example.com}}
dns: cloudflare
aws:
  - account: "111122223333"
    region: eu-central-1
    roles:
      - name: demo
        serviceAccounts: [aws-test/demo-service-account]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
      - {name: web, path: /shop/, maxSession: 2h, serviceAccounts: [shop/web]}
gcp:
  - project: shop-project
    projectNumber: "123456789012"
    keys: fetch
    serviceAccounts:
      - {email: web@shop-project.iam.gserviceaccount.com, serviceAccounts: [shop/web]}
azure:
  - tenant: 11111111-2222-3333-4444-555555555555
    subscription: 66666666-7777-8888-9999-000000000000
    resourceGroup: podtrust
    identities: [{name: web, serviceAccounts: [shop/web]}]
openbao:
  - address: https://bao.example.com:8200
    mount: podtrust
    roles: [{name: web, serviceAccounts: [shop/web], policies: [web]}]
`;

/** Whose keys an operator uploads. */
const uploaded = `
stack: prod
issuer: https://oidc.example.com
gcp:
  - project: shop-project
    projectNumber: "123456789012"
    keys: upload
    direct: [{serviceAccounts: [shop/web]}]
`;

const bucket = `
stack: prod
issuer: https://oidc.example.com
publisher:
  source: {kubeconfig: publisher.kubeconfig}
  s3: {bucket: oidc-example, region: eu-central-1}
`;

const pods = `
tolerations: [{key: dedicated, operator: Exists}]
nodeSelector: {kubernetes.io/arch: arm64}
resources: {requests: {cpu: 100m}}
imagePullSecrets: [{name: registry}]
`;

const apiServer = `
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.36.3
      command:
        - kube-apiserver
        - --service-account-issuer=https://kubernetes.default.svc.cluster.local
        - --service-account-key-file=/etc/kubernetes/pki/sa.pub
        - --service-account-signing-key-file=/etc/kubernetes/pki/sa.key
`;

const image = "--image=registry.example.com/podtrust:0.1.0";
const role = "arn:aws:iam::111122223333:role/podtrust/operator";
const provider = "projects/123456789012/locations/global/workloadIdentityPools/prod/providers/prod";

/** Command lines behind `podtrust manifests`, by the golden file that has what they print. */
const lines: Readonly<Record<string, readonly string[]>> = {
  "bindings-aws": ["bindings"],
  "bindings-azure": ["bindings --for azure"],
  "bindings-gcp": ["bindings --for gcp"],
  bindings: [
    "bindings --for aws azure gcp --namespace ops --service-account podtrust --kubernetes 1.35 --audience a.example",
  ],
  quota: [
    "quota --namespace shop",
    "quota --namespace shop bank --for aws azure gcp --bindings 5 --service-accounts 9",
  ],
  "injection-aws": ["injection --mode configmap", "injection --mode configmap --kubernetes 1.35 --no-warn"],
  "injection-aws-deny": ["injection --mode serviceaccounts --namespace shop --deny"],
  "injection-gcp": [
    "injection --for gcp --mode configmap",
    "injection --for gcp --mode serviceaccounts --deny",
  ],
  "injection-azure": [
    "injection --for azure --mode configmap",
    "injection --for azure --mode serviceaccounts --deny",
  ],
  "injection-openbao": ["injection --for openbao", "injection --for openbao --deny --kubernetes 1.35"],
  operator: [
    `operator ${image}`,
    `operator ${image} --bindings --for aws azure gcp --webhook --failure-policy Fail --config-maps --role-map roles --evict-per-minute 3 --no-canary --role ${role} --google-provider ${provider} --keys uploaded.yaml --pods pods.yaml --replicas 3 --priority-class high`,
    `operator ${image} --bindings --for aws azure gcp --webhook --keys uploaded.yaml --values`,
  ],
  "operator-rbac": [
    "operator-rbac",
    "operator-rbac --evict --keys --webhook --config-maps --role-map roles --namespace ops --name podtrust",
  ],
  publisher: [
    `publisher ${image}`,
    `publisher ${image} --expose node-port --replicas 3 --api-server-port 443 --monitoring-namespace prometheus --pods pods.yaml`,
    `publisher ${image} --expose host-port --values`,
  ],
  "publisher-rbac": [
    "publisher-rbac",
    "publisher-rbac --namespace oidc --renew-token --distrust-secret distrusted",
  ],
  signer: [
    "signer --distribution kubeadm --issuer https://oidc.example.com https://kubernetes.default.svc.cluster.local --manifest kube-apiserver.yaml --image registry.example.com/podtrust:0.1.0",
    "signer --distribution other --issuer https://oidc.example.com --peer https://10.0.0.1:6443 https://10.0.0.2:6443 --holder pkcs11=/usr/local/bin/podtrust-pkcs11",
  ],
  workload: [
    "workload shop/web",
    "workload shop/web --role web --expiration 15m --patch cronjob/nightly --container main",
  ],
  demo: ["demo", "demo --service-account aws-test/demo-service-account --host-network"],
  "aws-policy": ["aws-policy"],
  "azure-role": ["azure-role"],
  "gcp-role": ["gcp-role", "gcp-role --on service-account"],
  "openbao-policy": ["openbao-policy"],
  "s3-policy": [
    "s3-policy -f bucket.yaml",
    "s3-policy -f bucket.yaml --cloudfront arn:aws:cloudfront::111122223333:distribution/E1",
  ],
  "s3-publisher-policy": ["s3-publisher-policy -f bucket.yaml"],
};

const texts = new Texts((member) => /^(?:description|message|messageExpression|next)$/u.test(member));

/** Whether YAML for kubectl is what `--json` has as one List, or as one object. */
function isSame(printed: string, json: unknown): boolean {
  const documents = parseAllDocuments(printed);
  if (documents.some(({ errors }) => errors.length > 0)) return false;
  const values = documents.map((one) => one.toJS() as unknown);
  const items = isRecord(json) && json["kind"] === "List" ? json["items"] : [json];
  try {
    assert.deepEqual(values, items);
    return true;
  } catch {
    return false;
  }
}

describe("the golden files of podtrust manifests have", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-golden-"));
    const files = { podtrust: config, uploaded, bucket, pods, "kube-apiserver": apiServer };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, `${name}.yaml`), text);
  });
  after(() => rm(folder, { recursive: true }));

  /** A command line with what it prints: as YAML, and as text where that says something else. */
  async function section(line: string): Promise<string> {
    const print = async (...more: readonly string[]): Promise<string> => {
      const { code, out, err } = await podtrustHere(["manifests", ...line.split(" "), ...more], {
        cwd: folder,
      });
      assert.equal(code, 0, `${line}\n${out}${err}`);
      return out;
    };
    const json = JSON.parse(await print("--json")) as unknown;
    const printed = await print();
    const own = isSame(printed, json) ? (printed.match(/^# .*$/gmu)?.join("\n") ?? "") : printed;
    const parts = [`### podtrust manifests ${line}`, stringify(texts.without(json), { lineWidth: 0 }), own];
    const all = parts.map((part) => part.trimEnd()).filter((part) => part !== "");
    // A sentence of a comment is one of words; a path is not, nor is a manifest in comments, which is indented.
    const comments = /^(?<mark> *# )(?<words>[^\s#]+ .*)$/gmu;
    return `${all.join("\n\n")}\n`.replaceAll(
      comments,
      (_, mark: string, words: string) => mark + texts.keep(words),
    );
  }

  for (const [name, all] of Object.entries(lines))
    test(`what its command lines print, in manifests/${name}.txt`, async () => {
      const sections: string[] = [];
      for (const line of all) sections.push(await section(line));
      golden(`manifests/${name}.txt`, sections.join("\n"));
    });

  test("the words of all manifests in a file of their own, and each subcommand that there is", async () => {
    golden("manifests/texts.txt", texts.toString());
    const subcommands = Object.keys(await everyUse(podtrust)).filter((name) => name.startsWith("manifests "));
    const run = new Set(
      Object.values(lines)
        .flat()
        .map((line) => `manifests ${line.split(" ")[0]}`),
    );
    assert.deepEqual([...run].sort(), subcommands.sort());
  });
});
