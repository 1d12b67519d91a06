/**
 * What injection by policy costs the API server where a tenant writes the values: pods of each size that it takes, with the
 * policies of all relying parties installed, and values as long as they may be.
 */
import { defined, type JsonRecord, mapped, recordOf, textOf } from "../../../src/core/base/index.ts";
import {
  injectionConfigMap,
  injectionMaps,
  injectionPolicies,
  loadPartyPolicies,
  namespaceLabel,
  type ParameterMode,
} from "../../../src/rules/injection/index.ts";
import { federatedParties } from "../../../src/rules/oidc/index.ts";
import { azureAccount } from "../../support/azure-cases.ts";
import { googleAccount } from "../../support/gcp-cases.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/harness/index.ts";
import { until } from "../../cluster/operator/until.ts";
import { cpuSeconds } from "../process.ts";
import { type MassClient, openMassClient } from "./mass.ts";

/** A pod's size: containers with so many variables each. `pods`: how many are tried for a figure. */
export const hostileSizes = [
  { name: "644 bytes", containers: 1, variables: 6, pods: 200 },
  { name: "31 kB", containers: 10, variables: 44, pods: 60 },
  { name: "300 kB", containers: 50, variables: 86, pods: 32 },
  { name: "2 MB", containers: 335, variables: 86, pods: 8 },
] as const;
type Size = (typeof hostileSizes)[number];

const modes: readonly ParameterMode[] = ["configmap", "serviceaccounts"];

/** Who is asked for in a namespace, and by what. */
interface Asking {
  readonly party: string;
  readonly serviceAccount: Readonly<Record<string, string>>;
  readonly pod: Readonly<Record<string, string>>;
  /** Occurs in a pod that has what it asks for. */
  readonly shows: string;
}

const roleArn = "eks.amazonaws.com/role-arn";
const role = "arn:aws:iam::111122223333:role/";

const ofAws: Asking = {
  party: "aws",
  serviceAccount: { [roleArn]: `${role}web` },
  pod: {},
  shows: "AWS_ROLE_ARN",
};
const askings: readonly Asking[] = [
  ofAws,
  { party: "gcp", serviceAccount: googleAccount, pod: {}, shows: "GOOGLE_APPLICATION_CREDENTIALS" },
  { party: "azure", serviceAccount: azureAccount, pod: {}, shows: "AZURE_CLIENT_ID" },
  {
    party: "openbao",
    serviceAccount: {},
    pod: { "openbao.podtrust.dev/address": "https://bao.example.com:8200" },
    shows: "BAO_ADDR",
  },
];

/** A value of `role-arn` as long as is used. */
const longestUsed = role + "a".repeat(2048 - role.length);

/** What a ServiceAccount, or the ConfigMap of its namespace, says of `role-arn`. */
interface Value {
  readonly name: string;
  readonly what: string;
  readonly mode: ParameterMode;
  readonly annotation: string;
  /** In place of the operator's. */
  readonly text?: string;
  readonly isUsed: boolean;
}

const otherLines = Array.from({ length: 2900 }, (_, index) => `other-${index}=${role}web\n`).join("");

const used: readonly Value[] = modes.map((mode) => ({
  name: "used",
  what: "2,048 characters",
  mode,
  annotation: longestUsed,
  isUsed: true,
}));
const values: readonly Value[] = [
  {
    name: "long",
    what: "a ConfigMap with a value of 900,000 characters",
    mode: "configmap",
    annotation: longestUsed,
    text: `app=${"a".repeat(900_000)}`,
    isUsed: false,
  },
  {
    name: "list",
    what: "a ConfigMap with as many ServiceAccounts as are read",
    mode: "configmap",
    annotation: longestUsed,
    text: `app=${longestUsed}\n${otherLines}`.slice(0, 131_072),
    isUsed: true,
  },
  {
    name: "long",
    what: "an annotation of 250,000 characters",
    mode: "serviceaccounts",
    annotation: role + "a".repeat(250_000),
    isUsed: false,
  },
];

/** One way in a namespace of its own. */
interface Way {
  readonly namespace: string;
  readonly mode?: ParameterMode;
  readonly asking?: Asking;
  readonly value?: Value;
}

const plain: Way = { namespace: "plain" };
const byParty = modes.flatMap((mode) =>
  askings.map((asking) => ({ namespace: `${mode}-${asking.party}`, mode, asking })),
);
const byValue = [...used, ...values].map((value) => ({
  namespace: `${value.mode}-${value.name}`,
  mode: value.mode,
  asking: ofAws,
  value,
}));
const ways: readonly Way[] = [plain, ...byParty, ...byValue];

/** What a way costs by size, as multiples of what it is compared with. */
export interface HostileRow {
  readonly what: string;
  readonly ratios: readonly number[];
}

export interface HostileResults {
  /** Compared with the same pod where no policy is asked. */
  readonly parties: readonly HostileRow[];
  /** Values too long to be used, compared with one of 2,048 characters. */
  readonly values: readonly HostileRow[];
  /** Lists as long as they may be, compared with the same. */
  readonly lists: readonly HostileRow[];
}

/** Policies as they are printed, each mode for its own namespaces alone, so that both stand in one cluster. */
async function policies(mode: ParameterMode): Promise<readonly JsonRecord[]> {
  const others = await Promise.all(federatedParties.map((name) => loadPartyPolicies(name)));
  const printed = [...injectionPolicies({ mode }), ...others.flatMap((one) => one.policies({ mode }))];
  const own = ways.filter((way) => way.mode === mode).map(({ namespace }) => namespace);
  const namespaceSelector = {
    matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: own }],
  };
  const all = printed.map((object): [string, JsonRecord] => {
    const name = `${mode}-${String(recordOf(object["metadata"])["name"])}`;
    const spec = recordOf(object["spec"]);
    const policy = textOf(spec["policyName"]);
    const bound =
      policy === undefined ? {} : { policyName: `${mode}-${policy}`, matchResources: { namespaceSelector } };
    return [
      `${String(object["kind"])} ${name}`,
      { ...object, metadata: { name }, spec: { ...spec, ...bound } },
    ];
  });
  // What bounds ServiceAccounts is printed with each relying party.
  return [...new Map(all).values()];
}

function podOf({ containers, variables }: Size, { asking }: Way): JsonRecord {
  const env = Array.from({ length: variables }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `value-of-${index}-${"x".repeat(24)}`,
  }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "tried", annotations: asking?.pod ?? {} },
    spec: {
      serviceAccountName: "app",
      automountServiceAccountToken: false,
      containers: Array.from({ length: containers }, (_, index) => ({
        name: `app-${index}`,
        image: "registry.example.com/app:1.2.3",
        env,
      })),
    },
  };
}

async function prepare(plane: ControlPlane, client: MassClient): Promise<void> {
  for (const { namespace, mode, asking, value } of ways) {
    const labels = mode === "serviceaccounts" ? { [namespaceLabel.key]: namespaceLabel.value } : {};
    const metadata = { name: namespace, labels };
    await client.makeAll([["/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata }]]);
    const there = `/api/v1/namespaces/${namespace}`;
    const annotations = { ...asking?.serviceAccount, ...defined({ [roleArn]: value?.annotation }) };
    const account = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "app", annotations },
    };
    await client.makeAll([[`${there}/serviceaccounts`, account]]);
    if (mode !== "configmap") continue;
    const own = injectionMaps.map((map) => injectionConfigMap(namespace, [account], map));
    const maps = own.filter(({ data }) => Object.keys(recordOf(data)).length > 0);
    const said = defined({ data: mapped(value?.text, (text) => ({ "role-arn": text })) });
    await client.makeAll(maps.map((map) => [`${there}/configmaps`, { ...map, ...said }] as const));
  }
  // An API server finds no ConfigMap of a kind of which it knew none when its policies came (kubernetes/kubernetes#130887).
  const items = (await Promise.all(modes.map(policies))).flat();
  await plane.kubectl(
    ["apply", "--server-side", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items }),
  );
}

/** A pod's answer; throws unless it has what it asks for, and where nothing can be used, nothing. */
async function tried(client: MassClient, way: Way, pod: JsonRecord): Promise<boolean> {
  const { status, text } = await client.post(`/api/v1/namespaces/${way.namespace}/pods?dryRun=All`, pod);
  if (status !== 201) throw new Error(`a pod in ${way.namespace}: ${status} ${text.slice(0, 500)}`);
  const isWanted = way.asking !== undefined && way.value?.isUsed !== false;
  return text.includes(way.asking?.shows ?? "AWS_ROLE_ARN") === isWanted;
}

/** So many pods one after the other; throws where one has not what it asks for. */
async function triedOften(
  client: MassClient,
  way: Way,
  { size, pod, times }: { readonly size: Size; readonly pod: JsonRecord; readonly times: number },
): Promise<void> {
  for (let index = 0; index < times; index += 1)
    if (!(await tried(client, way, pod)))
      throw new Error(`${way.namespace}, ${size.name}: a pod is not as it asks`);
}

const blocks = 4;

/** Milliseconds of the API server's processor for a pod of each way; by turns, so that what else is done meets all alike. */
async function processorOf(
  client: MassClient,
  pid: number,
  size: Size,
  share: number,
): Promise<ReadonlyMap<Way, number>> {
  const each = Math.max(1, Math.round((size.pods * share) / blocks));
  const seconds = new Map<Way, number>();
  for (let block = 0; block < blocks; block += 1)
    for (const way of ways) {
      const pod = podOf(size, way);
      const before = await cpuSeconds(pid);
      await triedOften(client, way, { size, pod, times: each });
      seconds.set(way, (seconds.get(way) ?? 0) + (await cpuSeconds(pid)) - before);
    }
  return new Map([...seconds].map(([way, all]) => [way, (all * 1000) / (each * blocks)]));
}

/** All cells in one run; `share`: of how many pods a figure is made, 1 for all. */
export async function measureHostileValues(share: number): Promise<HostileResults> {
  const plane = await startControlPlane({ issuer: "https://oidc.example.com" });
  const client = await openMassClient(plane);
  try {
    await prepare(plane, client);
    const [small] = hostileSizes;
    for (const way of ways)
      await until(() => tried(client, way, podOf(small, way)), `${way.namespace} has what it asks for`);
    const pid = plane.servers[0]?.pid() ?? 0;
    const bySize: ReadonlyMap<Way, number>[] = [];
    for (const size of hostileSizes) bySize.push(await processorOf(client, pid, size, share));
    const row = (what: string, way: Way, other: Way): HostileRow => ({
      what,
      ratios: bySize.map((figures) => (figures.get(way) ?? NaN) / (figures.get(other) ?? NaN)),
    });
    const usedIn = (mode: ParameterMode): Way => byValue.find((way) => way.mode === mode) ?? plain;
    const against = (isUsed: boolean): readonly HostileRow[] =>
      byValue
        .filter(({ value }) => values.includes(value) && value.isUsed === isUsed)
        .map((way) => row(way.value.what, way, usedIn(way.mode)));
    return {
      parties: byParty.map((way) => row(`\`--mode ${way.mode}\`, ${way.asking.party}`, way, plain)),
      values: against(false),
      lists: against(true),
    };
  } finally {
    client.close();
    await plane.stop();
  }
}
