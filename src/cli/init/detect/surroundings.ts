import { defined } from "../../../core/base/index.ts";
import type { CommandContext } from "../../context.ts";
import type { Foundation } from "../answers.ts";
import { type AwsCaller, detectCaller } from "./aws.ts";
import { clusterText, type DetectedCluster, detectKubernetes } from "./cluster.ts";
import { detectTimeoutMs, type Detected } from "./detect.ts";
import { type WritableZone, detectZones, type DetectedZone } from "./zones.ts";

/** The answers that were found. */
export interface DetectedSurroundings {
  readonly aws?: AwsCaller;
  readonly cluster?: DetectedCluster;
  readonly zones: readonly WritableZone[];
}

/** The answers that were given already. */
export interface GivenAnswers {
  readonly foundation: Foundation | undefined;
  readonly region: string;
  readonly hasAccount: boolean;
  readonly hasName: boolean;
  readonly dns: string | undefined;
}

const found = <T>(seen: Detected<T> | undefined): T | undefined =>
  seen !== undefined && "found" in seen ? seen.found : undefined;

function zoneText({ who, seen }: DetectedZone): string {
  if ("missed" in seen) return `${who}: no zone was read: ${seen.missed}`;
  const names = seen.found.map(({ zone }) => zone);
  return `${who}: ${names.length === 0 ? "no zone" : names.join(", ")}`;
}

/** The results of the detections. */
type Detections = Promise<{
  readonly aws?: Detected<AwsCaller>;
  readonly cluster?: Detected<DetectedCluster>;
  readonly zones?: readonly DetectedZone[];
}>;

const awsText = (seen: Detected<AwsCaller>): string =>
  "missed" in seen
    ? `AWS: not known who we are: ${seen.missed}`
    : `AWS: account ${seen.found.account} (${seen.found.arn})`;

function linesOf({ aws, cluster, zones = [] }: Awaited<Detections>): readonly string[] {
  return [
    ...(cluster === undefined
      ? []
      : [`cluster: ${"missed" in cluster ? `not detected: ${cluster.missed}` : clusterText(cluster.found)}`]),
    ...zones.map(zoneText),
    ...(aws === undefined ? [] : [awsText(aws)]),
  ];
}

/** The detections to run: each undefined if its answer is known. */
function questions(context: CommandContext, known: GivenAnswers): (() => Detections)[] {
  const { foundation, region, hasAccount, hasName, dns } = known;
  const isCluster = foundation?.kind === "cluster";
  return [
    ...(isCluster ? [async () => ({ cluster: await detectKubernetes(context, foundation.context) })] : []),
    ...(foundation === undefined || isCluster || hasName
      ? []
      : [async () => ({ zones: await detectZones(context, region, dns) })]),
    ...(hasAccount ? [] : [async () => ({ aws: await detectCaller(context, region) })]),
  ];
}

/** Asks cluster, AWS and DNS providers at once for what is not known; prints what each found. */
export async function detectSurroundings(
  context: CommandContext,
  known: GivenAnswers,
): Promise<DetectedSurroundings> {
  const asked = questions(context, known);
  if (asked.length === 0) return { zones: [] };
  const waiting = context.progress.wait({
    what: "what exists already",
    reason: "asking the cluster, AWS and who serves zones",
    deadline: context.clock.elapsed() + detectTimeoutMs,
  });
  let seen: Awaited<Detections>;
  try {
    seen = Object.assign({}, ...(await Promise.all(asked.map((ask) => ask())))) as Awaited<Detections>;
  } catch (error) {
    waiting.failed();
    throw error;
  }
  waiting.done("detected what exists");
  for (const line of linesOf(seen)) context.progress.line(`  ${line}`, 4);
  const [aws, cluster] = [found(seen.aws), found(seen.cluster)];
  return {
    ...defined({ aws, cluster }),
    zones: (seen.zones ?? []).flatMap((one) => found(one.seen) ?? []),
  };
}
