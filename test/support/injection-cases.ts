import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { type JsonRecord, recordOf } from "../../src/core/base/index.ts";

/** A case of injection: a pod, what stands around it, and what becomes of it. */
export interface InjectionCase {
  /** Of its file. */
  readonly name: string;
  /** What it shows, as a sentence. */
  readonly promise: string;
  /** `aws`: amazon-eks-pod-identity-webhook does the very same. */
  readonly contract?: "aws";
  /** Annotations. */
  readonly serviceAccount: Readonly<Record<string, string>>;
  readonly namespace?: Readonly<Record<string, string>>;
  readonly pod: JsonRecord;
  readonly injected?: JsonRecord;
  /** In place of `injected`: the reason. */
  readonly untouched?: string;
  /** What is said of annotations, each a sentence. */
  readonly notes?: readonly string[];
}

const folder = fileURLToPath(new URL("../injection/cases/", import.meta.url));

const written: readonly InjectionCase[] = globSync("*.yaml", { cwd: folder })
  .sort()
  .map((file) => ({
    name: basename(file, ".yaml"),
    ...(parse(readFileSync(folder + file, "utf8")) as Omit<InjectionCase, "name">),
  }));

function writtenAs(name: string): InjectionCase {
  const found = written.find((one) => one.name === name);
  if (found === undefined) throw new TypeError(`there is no case ${name}`);
  return found;
}

/** The annotations of a ServiceAccount beside its role, in the order in which they are read. */
const allLong = [
  "podtrust.dev/region",
  "eks.amazonaws.com/audience",
  "profile.podtrust.dev/a",
  "profile.podtrust.dev/b",
  "chain.podtrust.dev/c",
  "eks.amazonaws.com/token-expiration",
  "eks.amazonaws.com/sts-regional-endpoints",
  "podtrust.dev/session-name",
  "podtrust.dev/fs-group",
  "podtrust.dev/token-mode",
];

/** Annotations that are as long as the API server takes them: too much for a file. */
function longCases(): readonly InjectionCase[] {
  const many = writtenAs("profiles-too-many");
  const plain = writtenAs("aws-one-container");
  const role = "arn:aws:iam::444455556666:role/other";
  const roles: Readonly<Record<string, string>> = Object.fromEntries(
    Array.from({ length: 2500 }, (_, index) => [`profile.podtrust.dev/p${index}`, role]),
  );
  const wrong = "w".repeat(2000);
  const fifty = Array.from({ length: 50 }, (_, index) => `chain.podtrust.dev/p${index}`);
  const list = Array.from({ length: 60_000 }, () => "a").join(",");
  const annotations = { "eks.amazonaws.com/skip-containers": list };
  const annotated = (pod: JsonRecord): JsonRecord => ({
    ...pod,
    metadata: { ...recordOf(pod["metadata"]), annotations },
  });
  const tooLong = (key: string): string =>
    `annotation ${key} of the ServiceAccount is longer than 2048 characters, and not used`;
  /** The pod of the plain case with another audience. */
  const withAudience = (audience: string): JsonRecord =>
    JSON.parse(
      JSON.stringify(expectedPod(plain)).replaceAll('"sts.amazonaws.com"', JSON.stringify(audience)),
    ) as JsonRecord;
  const audienceKey = "eks.amazonaws.com/audience";
  const whole = { "of-escapes": "~".repeat(2048), "beyond-two-bytes": "😀".repeat(2048) };
  return [
    ...[2049, 200_000].map((length) => ({
      name: `role-of-${length}`,
      promise: `a role of ${length} characters is not given, and told of`,
      serviceAccount: {
        ...plain.serviceAccount,
        "eks.amazonaws.com/role-arn": `arn:aws:iam::111122223333:role/${"r".repeat(length - 31)}`,
      },
      pod: plain.pod,
      untouched: "RoleNotAnnotated",
      notes: [tooLong("eks.amazonaws.com/role-arn")],
    })),
    ...Object.entries(whole).map(([name, audience]) => ({
      name: `audience-${name}`,
      promise: "a value of 2048 characters is used, whatever they are",
      serviceAccount: { ...plain.serviceAccount, [audienceKey]: audience },
      pod: plain.pod,
      injected: withAudience(audience),
    })),
    ...Object.entries(whole).map(([name, audience]) => ({
      name: `audience-too-long-${name}`,
      promise: "a value of one character more is as an absent one, and told of",
      serviceAccount: { ...plain.serviceAccount, [audienceKey]: `${audience}~` },
      pod: plain.pod,
      injected: expectedPod(plain),
      notes: [tooLong(audienceKey)],
    })),
    {
      name: "all-too-long",
      promise: "values that are too long cost no pod its role, whichever they are, and are told of",
      serviceAccount: {
        ...plain.serviceAccount,
        ...Object.fromEntries(allLong.map((key) => [key, "1".repeat(5000)])),
        // No value of injection.
        "kubectl.kubernetes.io/last-applied-configuration": "{".repeat(5000),
      },
      // Where the ServiceAccount's cannot be used, the namespace's is.
      namespace: { "podtrust.dev/region": "us-east-1" },
      pod: plain.pod,
      injected: expectedPod(writtenAs("region-of-namespace")),
      notes: allLong.map(tooLong),
    },
    {
      ...many,
      name: "profiles-of-thousands",
      promise: "thousands of profiles cost no pod its role: none of them is given",
      serviceAccount: { ...many.serviceAccount, ...roles },
      notes: ["the ServiceAccount has 2500 profiles, of which 50 at most are taken, and so none"],
    },
    {
      name: "profiles-fifty-wrong",
      promise: "fifty long values that are no role cost no pod its role, and are told of",
      serviceAccount: {
        ...plain.serviceAccount,
        ...Object.fromEntries(fifty.map((key) => [key, wrong])),
      },
      pod: plain.pod,
      injected: expectedPod(plain),
      notes: fifty
        .toSorted()
        .map(
          (key) =>
            `annotation ${key} of the ServiceAccount is "${wrong.slice(0, 100)}…": it is not the ARN of a role, and the profile left out`,
        ),
    },
    {
      name: "skip-list-too-long",
      promise: "a list of containers to skip that is too long skips none, and costs no pod its role",
      serviceAccount: plain.serviceAccount,
      pod: annotated(plain.pod),
      injected: annotated(expectedPod(plain)),
      notes: [
        `annotation eks.amazonaws.com/skip-containers of the pod is "${list.slice(0, 100)}…": it is longer than 4096 characters, and not used`,
      ],
    },
  ];
}

/** All cases, by name. */
export const injectionCases: readonly InjectionCase[] = [...written, ...longCases()];

/** What the case says becomes of its pod. */
export function expectedPod({ pod, injected }: InjectionCase): JsonRecord {
  return injected ?? pod;
}
