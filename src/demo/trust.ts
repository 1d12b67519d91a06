import type { Clock } from "../core/base/index.ts";
import type { ApplyEvent } from "../rules/plan/index.ts";
import { type AwsSide, makeTrust } from "./aws-side.ts";
import { example } from "./example.ts";
import type { LinkReporter } from "./link-reporter.ts";
import type { Stage } from "./stage.ts";
import type { DemoEvent, OnEvent } from "./report.ts";
import { mintToken } from "./tokens.ts";

/** Reports each reason to wait once, however often it is waited for. */
export function reportWaits(
  onEvent: (event: Extract<DemoEvent, { readonly kind: "waiting" }>) => void,
  clock: Clock,
): (event: ApplyEvent) => void {
  const reported = new Set<string>();
  return (event) => {
    if (event.type !== "waiting" || reported.has(event.reason)) return;
    reported.add(event.reason);
    const seconds = Math.ceil((event.deadline - clock.elapsed()) / 1000);
    onEvent({ kind: "waiting", reason: event.reason, seconds });
  };
}

/** Makes the two ServiceAccounts, and sees to it that those which were not there before go when the stage does. */
export async function makeServiceAccounts(stage: Stage): Promise<void> {
  await stage.cluster.createNamespace(example.namespace);
  for (const name of [example.serviceAccount, example.otherServiceAccount]) {
    const made = await stage.cluster.createServiceAccount(example.namespace, name);
    if (made === "created" && stage.standIn === undefined) {
      stage.atEnd(() => stage.cluster.deleteServiceAccount(example.namespace, name));
    }
  }
}

/** Makes OIDC provider and role, and reports both links; gives the role's ARN. Throws `demo-link-broken`. */
export async function reportTrust(
  stage: Stage,
  side: AwsSide,
  reporter: LinkReporter,
  onEvent: OnEvent,
): Promise<string> {
  // STS lets nobody in before the token of the one whom the role trusts can be tried.
  await reporter.during("serviceaccount", () => makeServiceAccounts(stage));
  const made = await reporter.during("provider", () =>
    makeTrust(
      side,
      () => mintToken(stage, example.serviceAccount, example.audience),
      reportWaits(onEvent, stage.clock),
    ),
  );
  for (const name of ["provider", "trust"] as const) await reporter.link(name, () => made.link(name));
  return made.roleArn;
}
