import type { PodSettings } from "../../config/index.ts";
import { containerSettings, lockedContainer, accountSettings, podMetadata, replicaPod } from "./replicas.ts";
import { roleObjects } from "./role-objects.ts";

/** The Secret of the keys that prove what replicas write into a store. */
export const storeKeyName = (store: string): string => `${store}-store-key`;

/** The folder into which pods have it mounted. */
export const storeKeyFolder = "/etc/podtrust-store-key";

/** Its mount in a container. */
export const storeKeyMount = { name: "store-key", mountPath: storeKeyFolder, readOnly: true } as const;

/** The volume of that mount. The kubelet writes a new key into it within two minutes; a pod starts without one. */
export const storeKeyVolume = (store: string): object => ({
  name: "store-key",
  secret: { secretName: storeKeyName(store), optional: true },
});

/** That Secret, empty: no manifest holds a key, since a render is repeated, and the same key has to stay. */
export function storeKeySecret(store: string, metadata: object): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: storeKeyName(store), ...metadata },
    type: "Opaque",
  };
}

/** Which store, and with what the key of it is made. */
export interface StoreKeySpec {
  readonly namespace: string;
  /** The Secret that replicas share. */
  readonly store: string;
  readonly image: string;
  readonly priorityClass: string;
  readonly pods: PodSettings;
}

/**
 * The Secret of a store's keys and a Job that makes a key in it where there is none. The replicas have no right to it:
 * whoever has their token could prove what he likes. The hooks have Helm and Argo CD run the Job anew each time, as a Job cannot be changed. To Argo CD it is
 * part of the sync: what Helm calls post-install waits there for healthy pods (its docs, user-guide/helm and sync-waves), and
 * these may wait for the key. An annotation of its own is read in place of Helm's (gitops-engine, pkg/sync/hook).
 */
export function storeKeyObjects({
  namespace,
  store,
  image,
  priorityClass,
  pods,
}: StoreKeySpec): readonly object[] {
  const name = storeKeyName(store);
  const selector = { "app.kubernetes.io/name": "podtrust-store-key", "app.kubernetes.io/instance": name };
  const metadata = { name, namespace, labels: selector };
  const rule = { apiGroups: [""], resources: ["secrets"], resourceNames: [name], verbs: ["get", "update"] };
  const annotations = {
    "helm.sh/hook": "post-install,post-upgrade",
    "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
    "argocd.argoproj.io/hook": "Sync",
  };
  return [
    storeKeySecret(store, metadata),
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata,
      automountServiceAccountToken: false,
      ...accountSettings(pods),
    },
    ...roleObjects(metadata, name, [rule]),
    {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { ...metadata, annotations },
      spec: {
        backoffLimit: 6,
        // So that kubectl apply finds none: one that stays could not be changed.
        ttlSecondsAfterFinished: 60,
        template: {
          metadata: podMetadata(pods, selector),
          spec: {
            ...replicaPod({ serviceAccountName: name, selector, priorityClass, pods }),
            restartPolicy: "OnFailure",
            containers: [
              {
                name: "store-key",
                image,
                args: ["make-store-key", `--namespace=${namespace}`, `--name=${name}`],
                ...containerSettings(pods),
                ...lockedContainer(pods),
              },
            ],
          },
        },
      },
    },
  ];
}
