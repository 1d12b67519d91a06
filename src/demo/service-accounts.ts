import { example } from "./example.ts";
import type { Stage } from "./stage.ts";

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
