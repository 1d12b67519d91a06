import { defined, PodtrustError } from "../../core/base/index.ts";
import { privateThumbprints } from "../../issuer/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { adminSession, type AwsSide, putParameters } from "../aws-side.ts";
import { startEnvironment, type DemoEnvironment } from "../environment.ts";
import { example } from "../example.ts";
import type { Workload } from "../job.ts";
import { LinkReporter } from "../link-reporter.ts";
import { makeProvider } from "../provider-and-role.ts";
import { showRefusals } from "../refusals.ts";
import type { DemoReport } from "../report.ts";
import { accepted } from "../rotating.ts";
import { type DemoOptions, reportOutside, startedOn } from "../demo.ts";
import { reportAccess } from "../workload.ts";
import { bind } from "./binding.ts";
import { answerInTime, type ClusterStory } from "./cluster-story.ts";
import { Made, madeLabel } from "./made.ts";
import { TokenChecker } from "./token-checker.ts";
import { accounts } from "./objects.ts";
import { type ClusterSurvey, freshName, lookAtCluster } from "./survey.ts";
import { runPod } from "./pod.ts";
import { refuseTenants } from "./tenant.ts";

/** How the demo on a real cluster goes. */
export interface ClusterDemoOptions extends Pick<
  DemoOptions,
  "program" | "context" | "clock" | "logger" | "signal" | "onEvent"
> {
  readonly kubeconfig: string;
  /** Of the pod; it only has to run and do nothing. */
  readonly image: string;
  /** Seconds to wait for a rotation of the cluster's keys; absent: no wait. */
  readonly watchRotation?: number;
  /** Asked before anything is made in the cluster; false ends the demo, with nothing done. */
  readonly mayTouch: (survey: ClusterSurvey) => Promise<boolean>;
}

const tokenOf = (
  { environment, namespace }: ClusterStory,
  name: string,
  audience: string,
  signal?: AbortSignal,
): Promise<string> =>
  environment.cluster
    .requestToken(
      namespace,
      name,
      { audiences: [audience], expirationSeconds: example.tokenSeconds },
      defined({ signal }),
    )
    .then(({ token }) => token);

/** The namespace and its ServiceAccounts, which are deleted last. */
async function makeNamespace({ made, namespace, signal }: ClusterStory): Promise<void> {
  const v1 = (kind: string, metadata: KubernetesObject["metadata"]): KubernetesObject => ({
    apiVersion: "v1",
    kind,
    metadata,
  });
  await made.make(v1("Namespace", { name: namespace }), signal);
  for (const name of [accounts.bound, accounts.other])
    await made.make(v1("ServiceAccount", { name, namespace }), signal);
}

/** Waits, if asked to, for a token of another key. */
async function watchRotation(
  story: ClusterStory,
  checker: TokenChecker,
  seconds: number | undefined,
): Promise<void> {
  if (seconds === undefined) return;
  const { environment, signal } = story;
  const reason = "a rotation of the cluster's signing key";
  const isRotated = await answerInTime(story, { reason, seconds }, () =>
    Promise.resolve(checker.keys > 1 || undefined),
  );
  // The tokens of both keys are tried a few more times, with the keys as last fetched.
  if (isRotated) await environment.clock.sleep(2000, signal);
}

async function demonstrate(
  story: ClusterStory,
  options: ClusterDemoOptions,
  side: AwsSide,
): Promise<Omit<DemoReport, "seconds">> {
  const { environment, made, namespace, reporter, onEvent, signal } = story;
  const { session } = side;
  await reporter.during("serviceaccount", () => makeNamespace(story));
  onEvent({ kind: "heading", title: "One small object: a role that follows the ServiceAccount" });
  await reporter.link(
    "provider",
    async () => `${await makeProvider(side)}, for the audience ${example.audience}`,
  );
  const bound = await bind(story);
  const { roleArn } = bound;
  const checker = new TokenChecker({
    clock: environment.clock,
    mint: (ending) => tokenOf(story, accounts.bound, example.audience, ending),
    accepted: (token) => accepted(session, roleArn, token),
    signal,
  });
  try {
    onEvent({ kind: "heading", title: "A pod of that ServiceAccount, and nothing else said" });
    const pod = await runPod(story, options.image);
    const workload: Workload = {
      program: options.program,
      folder: environment.folder,
      endpoint: environment.sandbox.url,
      region: example.region,
      roleArn,
      sessionName: example.sessionName,
      signal,
    };
    const { arn, parameters } = await reportAccess(workload, reporter, pod.token);
    onEvent({ kind: "heading", title: "Every other attempt is denied." });
    const tenants = await refuseTenants(story);
    const shown = await showRefusals(
      {
        workload,
        goodToken: pod.token,
        trusted: `${namespace}/${accounts.bound}`,
        other: `${namespace}/${accounts.other}`,
        audience: example.audience,
        otherAudience: example.otherAudience,
        tokenFor: (who, audience) =>
          tokenOf(story, who === "trusted" ? accounts.bound : accounts.other, audience),
      },
      (refusal) => onEvent({ kind: "refusal", refusal }),
    );
    await watchRotation(story, checker, options.watchRotation);
    const { rotation, notShown: unseen } = await checker.report(onEvent);
    const notShown = [...pod.notShown, ...shown.notShown, ...unseen];
    for (const one of notShown) onEvent({ kind: "not-shown", notShown: one });
    onEvent({ kind: "heading", title: "All of it is taken away again." });
    const count = made.texts.length;
    await bound.unbind();
    await made.removeAll();
    const text = `The role is deleted, and ${count} objects with the label ${madeLabel.name}=${madeLabel.value}, namespace ${namespace} last.`;
    onEvent({ kind: "step", text });
    const refusals = [...tenants, ...shown.refusals];
    const report = { links: reporter.links, identity: { arn }, parameters, refusals, notShown };
    return rotation === undefined ? report : { ...report, rotation };
  } finally {
    await checker.end().catch(() => undefined);
  }
}

async function runIn(
  environment: DemoEnvironment,
  options: ClusterDemoOptions,
): Promise<DemoReport | undefined> {
  const { onEvent, signal, clock } = options;
  const { sandbox, issuer, connectTo, ca, cluster } = environment;
  const start = clock.elapsed();
  try {
    if (!(await options.mayTouch(await lookAtCluster(cluster, signal)))) return undefined;
    onEvent(startedOn(environment));
    const reporter = new LinkReporter(onEvent, signal);
    await reportOutside(environment, reporter, options);
    const session = adminSession(sandbox, clock);
    environment.atEnd(() => Promise.resolve(session.close()));
    const route = { connectTo, ca: ca.root };
    const thumbprints = (await privateThumbprints(issuer.url, route, signal)) ?? [];
    const side: AwsSide = { session, account: sandbox.account, issuer: issuer.url, thumbprints, signal };
    await putParameters(side);
    const made = new Made(cluster, clock);
    environment.atEnd(() => made.removeAll());
    const story: ClusterStory = { environment, made, namespace: freshName(), reporter, onEvent, signal };
    const report = {
      ...(await demonstrate(story, options, side)),
      seconds: (clock.elapsed() - start) / 1000,
    };
    onEvent({ kind: "finished", report });
    return report;
  } finally {
    await environment.close();
  }
}

/**
 * Shows the operator on a real cluster: a binding that STS proved, a pod that got its role without naming it,
 * tenants that are refused, and tokens that stay valid throughout. What it makes there is labelled, reaches
 * beyond its own namespace only by definitions and policies, and is removed at the end and after a failure.
 * Undefined if it may not touch the cluster.
 *
 * Throws as `runDemo` does, and `demo-cluster-in-use`.
 */
export async function runClusterDemo(options: ClusterDemoOptions): Promise<DemoReport | undefined> {
  try {
    return await runIn(await startEnvironment(options), options);
  } catch (cause) {
    if (!options.signal.aborted) throw cause;
    throw new PodtrustError("interrupted", "the demo was interrupted", {
      cause,
      next: "What it made in the cluster is taken away. Run podtrust demo --cluster again to see all of it.",
    });
  }
}
