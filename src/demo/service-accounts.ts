import { example } from "./example.ts";
import type { Stage } from "./stage.ts";

/** Makes the two ServiceAccounts; those that did not exist before are deleted with the stage. */
export async function makeServiceAccounts(stage: Stage): Promise<void> {
  await stage.cluster.createNamespace(example.namespace);
  for (const name of [example.serviceAccount, example.otherServiceAccount]) {
    const made = await stage.cluster.createServiceAccount(example.namespace, name);
    if (made === "created" && stage.standIn === undefined) {
      stage.atEnd(() => stage.cluster.deleteServiceAccount(example.namespace, name));
    }
  }
}
