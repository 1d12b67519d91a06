import { PodtrustError } from "../../base/index.ts";
import { bindingsManager, type GrantedRole, usualProfile } from "../../bindings/index.ts";
import { accessAnnotations, accountAnnotations, profilePrefix } from "../../injection/index.ts";
import type { KubernetesObject } from "../../kubernetes/index.ts";
import { sameObject, type StateApi } from "./state.ts";

// What AWS's webhook gives where nobody says otherwise; then it is not written, and whoever wants another may say so.
const usualExpiration = 86_400;

/** What injection has to know of a ServiceAccount's roles. */
export function annotationsOf(
  roles: readonly Pick<GrantedRole, "profile" | "arn">[],
  audience: string,
): Readonly<Record<string, string>> {
  const usual = roles.find(({ profile }) => profile === usualProfile);
  const others = roles.filter((one) => one !== usual);
  return accessAnnotations({
    roleArn: usual?.arn ?? "",
    audience,
    expirationSeconds: usualExpiration,
    profiles: others.map(({ profile: name, arn: roleArn }) => ({ name, roleArn, by: "token" })),
  });
}

/** Whether it has what is wanted, and nothing that may be left of an earlier turn. */
function carries({ metadata }: KubernetesObject, wanted: Readonly<Record<string, string>>): boolean {
  const { annotations = {} } = metadata;
  const ours = Object.keys(annotations).filter(
    (key) => key === accountAnnotations.audience || key.startsWith(profilePrefix),
  );
  return (
    Object.entries(wanted).every(([key, value]) => annotations[key] === value) &&
    ours.every((key) => Object.hasOwn(wanted, key))
  );
}

/**
 * Gives a ServiceAccount its annotations by server-side apply. Never makes one: applied with the uid of the one that
 * was read, it is refused where that is gone. What somebody else has set to another value is left: false.
 */
export async function annotate(
  api: StateApi,
  serviceAccount: KubernetesObject,
  annotations: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<boolean> {
  if (carries(serviceAccount, annotations)) return true;
  const same = sameObject(serviceAccount);
  try {
    await api.apply(
      { ...same, metadata: { ...same.metadata, annotations } },
      { fieldManager: bindingsManager, signal },
    );
    return true;
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "cluster-conflict") return false;
    throw error;
  }
}

/** Takes our annotations away, and nobody else's. */
export async function unannotate(
  api: StateApi,
  serviceAccount: KubernetesObject,
  signal: AbortSignal,
): Promise<void> {
  if (serviceAccount.metadata.annotations?.[accountAnnotations["role-arn"]] === undefined) return;
  const same = sameObject(serviceAccount);
  await api.apply(
    { ...same, metadata: { ...same.metadata, annotations: {} } },
    { fieldManager: bindingsManager, signal },
  );
}
