import { tagValue } from "../../../core/base/index.ts";

/** The group and version of our objects in the Kubernetes API. */
export const apiGroup = "podtrust.dev";
export const apiVersion = `${apiGroup}/v1alpha1`;

/** A kind of object, as the API's paths and rights name it. */
export interface KindNames {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly scope: "Namespaced" | "Cluster";
  readonly shortNames?: readonly string[];
}

/** The names of the objects of one relying party, and of what is named after them. */
export interface PartyNames {
  /** Says what one ServiceAccount becomes: it is named as the ServiceAccount, so that there is one at the most. */
  readonly binding: KindNames;
  /** Says where the issuer is trusted, and what namespaces may bind there. */
  readonly trust: KindNames;
  /** Keeps a binding, or a trust, until what depends on it at the relying party is gone. */
  readonly finalizer: string;
  /**
   * Owner of the fields that podtrust writes by server-side apply. One for each relying party: a ServiceAccount has
   * annotations of several, and a field that its owner leaves out of an apply is removed.
   */
  readonly manager: string;
  /** The suffix of names that exist in a cluster once for each relying party. */
  readonly suffix: string;
}

/** One row for each relying party whose bindings podtrust reconciles. */
export const partyNames = {
  aws: {
    binding: {
      kind: "AWSRoleBinding",
      plural: "awsrolebindings",
      singular: "awsrolebinding",
      scope: "Namespaced",
      shortNames: ["arb"],
    },
    trust: { kind: "AWSTrust", plural: "awstrusts", singular: "awstrust", scope: "Cluster" },
    finalizer: `${apiGroup}/aws`,
    manager: "podtrust-bindings",
    suffix: "",
  },
  azure: {
    binding: {
      kind: "AzureIdentityBinding",
      plural: "azureidentitybindings",
      singular: "azureidentitybinding",
      scope: "Namespaced",
      shortNames: ["aib"],
    },
    trust: { kind: "AzureTrust", plural: "azuretrusts", singular: "azuretrust", scope: "Cluster" },
    finalizer: `${apiGroup}/azure`,
    manager: "podtrust-bindings-azure",
    suffix: "-azure",
  },
  gcp: {
    binding: {
      kind: "GCPServiceAccountBinding",
      plural: "gcpserviceaccountbindings",
      singular: "gcpserviceaccountbinding",
      scope: "Namespaced",
      shortNames: ["gsab"],
    },
    trust: { kind: "GCPTrust", plural: "gcptrusts", singular: "gcptrust", scope: "Cluster" },
    finalizer: `${apiGroup}/gcp`,
    manager: "podtrust-bindings-gcp",
    suffix: "-gcp",
  },
} as const satisfies Readonly<Record<string, PartyNames>>;

/** A relying party whose bindings podtrust reconciles. */
export type BoundParty = keyof typeof partyNames;

/** The kinds of all of them. */
export type BoundKind = (typeof partyNames)[BoundParty]["binding" | "trust"]["kind"];

/** Those of AWS: which roles one ServiceAccount has, and which accounts trust which issuer. */
export const { binding: bindingNames, trust: trustNames, finalizer } = partyNames.aws;

/** The trust that a binding means where it names none. */
export const defaultTrust = "default";

/** The role that the annotation of AWS's webhook names. */
export const defaultProfile = "default";

/** Owner of what podtrust writes to its own objects, and of AWS's annotations. */
export const bindingsManager = partyNames.aws.manager;

/** The verb of RBAC that allows removing that finalizer from a binding. */
export const releaseVerb = "release";

/** A pod that runs as this ServiceAccount may change what bindings ask for; others may not act in its name. */
export const operatorAccount = { namespace: "podtrust", name: "podtrust-operator" } as const;

/** Tags that say to policies which ServiceAccount a role is for (`aws:PrincipalTag/kubernetes-namespace`). */
export const namespaceTag = "kubernetes-namespace";
export const serviceAccountTag = "kubernetes-service-account";

/** A new value of this annotation on a binding or a trust asks for a pass at once. */
export const retryAnnotation = `${apiGroup}/retry`;

/**
 * `true` at a trust is the consent to delete roles that carry its stack's mark, were made before the trust itself, and have no
 * binding here: those of a cluster that was lost.
 */
export const earlierRolesAnnotation = `${apiGroup}/delete-earlier-roles`;

/**
 * At a trust a person's word that scopes are gone, by their ids, with commas between them: accounts of AWS, resource
 * groups of Azure as SUBSCRIPTION/GROUP, pools of Google as PROJECTNUMBER/POOL.
 */
export const goneAnnotation = `${apiGroup}/gone`;

const onDeleteTag = "podtrust:on-delete";

/** The tag of a role that stays when its binding is deleted: the sweep recognises the role by it. */
export const retainedMark = { [onDeleteTag]: "Retain" } as const;

/** Whether a role stays without its binding. */
export function isRetained(tags: Readonly<Record<string, string>>): boolean {
  return tagValue(tags, onDeleteTag) === retainedMark[onDeleteTag];
}
