import { type JsonRecord, recordOf } from "../core/base/index.ts";
import { namespaceOf } from "./controller/index.ts";
import { annotationsView, injectionView } from "../rules/injection/index.ts";
import { Mirror, type MirrorOptions } from "../providers/kubernetes/index.ts";
import { accountOf, type InjectionView } from "./finder/finder.ts";

function annotated(object: JsonRecord): InjectionView | undefined {
  const view = annotationsView(object);
  return Object.keys(recordOf(recordOf(view["metadata"])["annotations"])).length === 0 ? undefined : view;
}

/** The objects of the cluster that concern injection. */
export interface FollowedCluster {
  readonly accounts: Mirror<InjectionView, "namespace">;
  readonly namespaces: Mirror<InjectionView>;
  readonly pods: Mirror<InjectionView, "account" | "namespace">;
}

/**
 * ServiceAccounts and namespaces without annotations too, for callers that must know whether one exists; the finder
 * does not need them.
 */
export interface FollowedSpec {
  readonly everyAccount: boolean;
  readonly everyNamespace: boolean;
}

/** Follows the objects that concern injection; each mirror must be started by the caller. */
export function followAll(
  shared: Pick<MirrorOptions<InjectionView>, "api" | "clock" | "logger" | "silenceMs">,
  { everyAccount, everyNamespace }: FollowedSpec,
): FollowedCluster {
  const namespace = (key: string): readonly string[] => [namespaceOf(key)];
  const accounts = new Mirror<InjectionView, "namespace">({
    ...shared,
    kind: "ServiceAccount",
    metadataOnly: true,
    keep: everyAccount ? annotationsView : annotated,
    indexes: { namespace },
  });
  const namespaces = new Mirror<InjectionView>({
    ...shared,
    kind: "Namespace",
    metadataOnly: true,
    keep: everyNamespace ? annotationsView : annotated,
    indexes: {},
  });
  const pods = new Mirror<InjectionView, "account" | "namespace">({
    ...shared,
    kind: "Pod",
    // Completed pods need no token.
    fields: "status.phase!=Succeeded,status.phase!=Failed",
    keep: injectionView,
    indexes: { account: (_key, pod) => [accountOf(pod)], namespace },
  });
  return { accounts, namespaces, pods };
}
