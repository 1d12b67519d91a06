import type { Reason } from "../../../core/reasons/index.ts";
import { type ChainFacts, lookedAt, type PodLook, type TextLook, type WorkloadLook } from "./facts.ts";

/** A text, and what of the facts it is about. */
export interface Said {
  readonly text: TextLook;
  readonly facts: ChainFacts;
  /** The pod that the text is of, or all that were looked at; none where none was. */
  readonly pods: readonly PodLook[];
  readonly workloads: readonly WorkloadLook[];
}

/** What an error says of its cause, where the facts do not exclude that. */
export interface TextRule {
  readonly reason: Reason;
  /** Linear in the line. */
  readonly line: RegExp;
  /** In the same line as well. */
  readonly also?: RegExp;
  /** What else of the line `fits` and `proof` look at. */
  readonly words?: readonly RegExp[];
  readonly fits?: (said: Said, line: string) => boolean;
  /** What of the facts goes with it, as the end of the proof. */
  readonly proof?: (said: Said, line: string) => string;
}

const sts = /sts[.\w-]*\.amazonaws\.com|\bSTS\b|\bsts\b/u;
const timeouts = /time(?:d )?-?out|deadline exceeded|ETIMEDOUT/iu;
const asNode = /:assumed-role\/[\w+=,.@-]{1,64}\/i-[\da-f]{8}/u;
const mesh = /^(?:istio-proxy|linkerd-proxy|envoy|kuma-sidecar|consul-dataplane|osm-proxy)$/u;
const failedCall =
  /WebIdentityErr|AssumeRoleWithWebIdentity|web identity|Couldn't retrieve verification key/iu;

const has = ({ pods }: Said, name: string): boolean =>
  pods.some(({ containers }) => containers.some(({ names }) => names.includes(name)));
const valueIs = ({ pods }: Said, name: string, value: string): boolean =>
  pods.some(({ containers }) => containers.some(({ values }) => values[name] === value));
const isInjected = (said: Said): boolean => has(said, "AWS_WEB_IDENTITY_TOKEN_FILE");
const proxies = ({ pods }: Said): readonly string[] =>
  pods.flatMap(({ containers }) => containers.flatMap(({ name }) => (mesh.test(name) ? [name] : [])));

/** STS does not refuse a token that is minted now. */
const works = ({ workloads }: Said): boolean =>
  workloads.length > 0 && workloads.every(({ exchange }) => exchange?.kind !== "refused");
const accepted = ({ workloads }: Said): boolean =>
  workloads.some(({ exchange }) => exchange?.kind === "accepted");

/** The longest that a token of these pods lives, in milliseconds. */
function tokenMs({ pods }: Said): number {
  const seconds = pods.flatMap(({ containers }) =>
    containers.flatMap(({ tokenFiles }) => tokenFiles.map((one) => one.seconds)),
  );
  return Math.max(0, ...seconds) * 1000;
}

const isOlder = (said: Said, ms: number): boolean =>
  said.pods.some(({ createdAt }) => said.facts.now - createdAt > ms);

/** The role of a session, and the role that it asks for. */
function rolesIn(line: string): readonly [string, string] {
  const [, session = ""] = /:assumed-role\/([\w+=,.@-]{1,64})\//u.exec(line) ?? [];
  const [, wanted = ""] =
    /on resource: \S{0,200}:role\/(?:[\w+=,.@/-]{1,512}\/)?([\w+=,.@-]{1,66})/u.exec(line) ?? [];
  return [session, wanted];
}

const roleWords = [
  /:assumed-role\/[\w+=,.@-]{1,64}\//u,
  /on resource: arn:[\w-]{1,20}:iam::\d{12}:role\/[\w+=,.@/-]{1,576}/u,
];

function ownRole(_said: Said, line: string): boolean {
  const [session, wanted] = rolesIn(line);
  // A sentence may end behind it.
  return session !== "" && [session, `${session}.`, `${session},`].includes(wanted);
}

const injectedPod = (said: Said): string =>
  `${said.pods.map(({ name }) => name).join(", ")} has token file and variables`;
const hasMinted = "; STS takes a token minted now";

/** Of errors about what the program itself asks for, or from where. */
const callRules: readonly TextRule[] = [
  {
    reason: "SessionTooLong",
    line: /DurationSeconds exceeds the (?:MaxSessionDuration set for this role|1 hour session limit)/iu,
  },
  { reason: "StsRegionInactive", line: /STS is not activated in (?:this|the requested) region/iu },
  { reason: "EndpointPolicyDenies", line: /no VPC endpoint policy allows/iu },
];

/** Errors of services: what happened with credentials, of any principal. */
const serviceRules: readonly TextRule[] = [
  { reason: "ServiceControlPolicy", line: /explicit deny in a (?:service|resource) control policy/iu },
  {
    reason: "OwnRoleAssumed",
    line: /is not authorized to perform: sts:AssumeRole on resource/iu,
    words: roleWords,
    fits: ownRole,
  },
  {
    reason: "RefreshFellThrough",
    line: asNode,
    fits: (said) =>
      isInjected(said) && said.text.lines.some((one) => !asNode.test(one) && failedCall.test(one)),
    proof: () => "; a failed call of STS stands beside it",
  },
  {
    reason: "MeshNotReady",
    line: asNode,
    fits: (said) => isInjected(said) && proxies(said).length > 0,
    proof: (said) => `; ${injectedPod(said)}, and the proxy ${proxies(said).join(", ")}`,
  },
  { reason: "NodeRoleUsed", line: asNode, fits: isInjected, proof: (said) => `; ${injectedPod(said)}` },
  {
    reason: "CredentialsHeld",
    line: /\bExpiredToken\b|security token included in the request is expired/u,
    fits: works,
    proof: () => hasMinted,
  },
];

/** Of errors on the way to STS. */
const wayRules: readonly TextRule[] = [
  { reason: "SdkModuleMissing", line: /on the class path/iu, also: /sts/iu },
  {
    reason: "ProxyRefuses",
    line: /response code for CONNECT|Proxy (?:CONNECT|Authentication)|Tunnel connection failed/iu,
  },
  {
    reason: "StsNameNotResolved",
    line: /dial tcp: i\/o timeout|no such host|ENOTFOUND|EAI_AGAIN|Could not resolve host|Name or service not known|server misbehaving/iu,
    also: sts,
  },
  {
    reason: "StsRegionalIgnored",
    line: /\bsts\.amazonaws\.com/u,
    also: timeouts,
    fits: (said) => valueIs(said, "AWS_STS_REGIONAL_ENDPOINTS", "regional"),
    proof: (said) =>
      `; AWS_STS_REGIONAL_ENDPOINTS is regional, AWS_REGION is ${has(said, "AWS_REGION") ? "set" : "not"}`,
  },
  { reason: "StsGlobalUnreachable", line: /\bsts\.amazonaws\.com/u, also: timeouts },
  {
    reason: "ContainerLacksRoots",
    line: /unable to get local issuer certificate|certificate signed by unknown authority/iu,
    also: sts,
  },
  {
    reason: "StsIncident",
    line: /request ?-?id:? ?"?0{8}-0{4}-0{4}-0{4}-0{12}/iu,
  },
  {
    reason: "SessionTokenLeaks",
    line: /Couldn't retrieve verification key/iu,
    fits: (said) => has(said, "AWS_SESSION_TOKEN") && accepted(said),
    proof: () => `; AWS_SESSION_TOKEN is set in the pod${hasMinted}`,
  },
];

/** Of errors about the parameters of the call and the token's file. */
const tokenRules: readonly TextRule[] = [
  { reason: "SessionNameInvalid", line: /roleSessionName/iu, also: /failed to satisfy constraint/iu },
  { reason: "RoleArnMalformed", line: /Request ARN is invalid/iu },
  { reason: "RoleArnEmpty", line: /Invalid length for parameter RoleArn, value: 0/iu },
  { reason: "RolePartitionDiffers", line: /Invalid ARN partition/iu },
  { reason: "TokenPathResolved", line: /\/\.\.\d{4}_\d\d_\d\d_/u },
  { reason: "TokenFileUnreadable", line: /permission denied|EACCES/iu, also: /serviceaccount\/token/iu },
  {
    reason: "TokenReadOnce",
    line: /Token file expired|ExpiredTokenException|token included in the request is expired/iu,
    fits: (said) => works(said) && isOlder(said, tokenMs(said)),
    proof: () => `; the pod is older than its token lives${hasMinted}`,
  },
  {
    reason: "ServiceAccountRemade",
    line: /service account UID \([^()]{1,64}\) does not match claim/iu,
  },
  { reason: "TokenTooOldForParty", line: /is stale to sign-in/iu },
  { reason: "TokenAudienceMissing", line: /Missing a required claim: aud/iu },
];

/** Of errors of the API server, the kubelet and webhooks. */
const clusterRules: readonly TextRule[] = [
  { reason: "WebhookCertificatePending", line: /no serving certificate available for the webhook/iu },
  {
    reason: "WebhookCertificateRejected",
    line: /insecure-sha1\.invalid-cert|insecure algorithm|legacy Common Name field/iu,
  },
  { reason: "WebhookUntrusted", line: /failed calling webhook/iu, also: /x509/iu },
  {
    reason: "WebhookUnreachable",
    line: /failed calling webhook/iu,
    also: /deadline exceeded|connection refused|i\/o timeout|no route to host/iu,
  },
  {
    reason: "TokenNotMinted",
    line: /failed to fetch token/iu,
    words: [
      /audience \\?"[^"\\]{1,200}\\?" not found in pod spec volume/iu,
      /the server could not find the requested resource/iu,
      /serviceaccounts? \\?"[^"\\]{1,200}\\?" (?:not found|is forbidden)/iu,
    ],
  },
  { reason: "IssuerNotUrl", line: /issuer URL must use https scheme/iu },
  { reason: "KeyFileNotMounted", line: /failed to parse service-account-[\w-]{1,40}key-file/iu },
];

/** The narrowest first: a line is of the first that fits. */
export const textRules: readonly TextRule[] = [
  ...clusterRules,
  ...tokenRules,
  ...callRules,
  ...wayRules,
  ...serviceRules,
];

/** The patterns that a line has to do with: of each rule that its words fit, all. */
function patternsOf(line: string): readonly RegExp[] {
  const fitting = textRules.filter(({ line: words, also }) => words.test(line) && (also?.test(line) ?? true));
  return [
    failedCall,
    ...fitting.flatMap(({ line: own, also, words = [] }) => [
      own,
      ...(also === undefined ? [] : [also]),
      ...words,
    ]),
  ];
}

type Span = readonly [from: number, to: number];

function spansOf(line: string, { source, flags }: RegExp): readonly Span[] {
  return [...line.matchAll(new RegExp(source, `${flags}g`))].map(({ 0: { length }, index }) => [
    index,
    index + length,
  ]);
}

/** Spans that touch each other as one. */
function joined(spans: readonly Span[]): readonly Span[] {
  const found: Span[] = [];
  for (const [from, to] of spans.toSorted(([a], [b]) => a - b)) {
    const last = found.at(-1);
    if (last === undefined || last[1] < from) found.push([from, to]);
    else found[found.length - 1] = [last[0], Math.max(last[1], to)];
  }
  return found;
}

/**
 * Of a line that a program wrote the words that the rules know, with ` … ` between them; empty where it has none. Whatever else
 * stands in the line may be anything: a library that is to tell more writes its answers there, with the credentials in them.
 */
export function knownWords(line: string): string {
  const spans = joined(patternsOf(line).flatMap((pattern) => spansOf(line, pattern)));
  return spans.map(([from, to]) => line.slice(from, to)).join(" … ");
}

/** What a text is about. */
export function saidOf(facts: ChainFacts, text: TextLook): Said {
  const about = facts.workloads.filter(
    ({ pods }) => text.pod === undefined || (lookedAt(pods) ?? []).some(({ name }) => name === text.pod),
  );
  const pods = about
    .flatMap(({ pods: all }) => lookedAt(all) ?? [])
    .filter(({ name }) => text.pod === undefined || name === text.pod);
  return { text, facts, pods, workloads: about };
}
