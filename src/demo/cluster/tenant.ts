import { asPodtrustError, PodtrustError } from "../../core/base/index.ts";
import type { RefusalReport } from "../report.ts";
import type { ClusterStory } from "./cluster-story.ts";
import { bindingIn } from "./objects.ts";

const admin = "arn:aws:iam::aws:policy/AdministratorAccess";

/** What a tenant must not be able to bind: sent to the API server as a dry run, so that nothing is made. */
export async function refuseTenants({
  environment,
  namespace,
  onEvent,
  signal,
}: ClusterStory): Promise<RefusalReport[]> {
  const { cluster, sandbox } = environment;
  const { account } = sandbox;
  const trust = namespace;
  const attempts = [
    {
      what: "a tenant that binds its ServiceAccount to AdministratorAccess",
      object: bindingIn(namespace, { trust, account, policy: admin }),
      why: "The grant names one policy. The API server itself refuses the object, from any client.",
    },
    {
      what: "another namespace, default, that binds a role by the same trust",
      object: bindingIn("default", { trust, account }),
      why: "Without a grant there is no right: none of this trust is for that namespace.",
    },
  ];
  const refusals: RefusalReport[] = [];
  for (const { what, object, why } of attempts) {
    const { code, message } = await cluster.create(object, { dryRun: true, signal }).then(
      () => {
        throw new PodtrustError("demo-not-refused", `${what}: succeeded, and should have been denied`);
      },
      (error: unknown) => asPodtrustError(error),
    );
    if (!message.includes("grant"))
      throw new PodtrustError("demo-not-refused", `${what}: refused with ${code}: ${message}`);
    // The API server's own words, behind ours.
    const refusal = { what, code: "Forbidden", message: message.replace(/^.*?it answered 403: /u, ""), why };
    onEvent({ kind: "refusal", refusal });
    refusals.push(refusal);
  }
  return refusals;
}
