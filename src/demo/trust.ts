import type { Clock } from "../base/index.ts";
import type { ApplyEvent } from "../plan/index.ts";
import { type AwsSide, makeTrust } from "./aws-side.ts";
import { cast } from "./cast.ts";
import type { Narrator } from "./narrator.ts";
import type { Stage } from "./stage.ts";
import type { Tell } from "./story.ts";
import { mintToken } from "./tokens.ts";

/** Tells each reason to wait once, however often it is waited for. */
function tellWaits(tell: Tell, clock: Clock): (event: ApplyEvent) => void {
  const told = new Set<string>();
  return (event) => {
    if (event.type !== "waiting" || told.has(event.reason)) return;
    told.add(event.reason);
    const seconds = Math.ceil((event.deadline - clock.now()) / 1000);
    tell({ kind: "waiting", reason: event.reason, seconds });
  };
}

/** Makes the two ServiceAccounts, and sees to it that those which were not there before go when the stage does. */
async function makeServiceAccounts(stage: Stage): Promise<void> {
  await stage.cluster.createNamespace(cast.namespace);
  for (const name of [cast.serviceAccount, cast.otherServiceAccount]) {
    const made = await stage.cluster.createServiceAccount(cast.namespace, name);
    if (made === "created" && stage.standIn === undefined) {
      stage.atEnd(() => stage.cluster.deleteServiceAccount(cast.namespace, name));
    }
  }
}

/** Makes OIDC provider and role, and tells both links; gives the role's ARN. Throws `demo-link-broken`. */
export async function tellTrust(
  stage: Stage,
  side: AwsSide,
  narrator: Narrator,
  tell: Tell,
): Promise<string> {
  // STS lets nobody in before the token of the one whom the role trusts can be tried.
  await narrator.during("serviceaccount", () => makeServiceAccounts(stage));
  const made = await narrator.during("provider", () =>
    makeTrust(side, () => mintToken(stage, cast.serviceAccount, cast.audience), tellWaits(tell, stage.clock)),
  );
  for (const name of ["provider", "trust"] as const) await narrator.link(name, () => made.link(name));
  return made.roleArn;
}
