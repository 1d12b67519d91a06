import type { MapBinding, Unseen } from "../facts.ts";

/** The kinds of things on a map. */
export type NodeKind =
  | "cluster"
  | "key"
  | "issuer"
  | "provider"
  | "role"
  | "service-account"
  | "policy"
  | "boundary";

/** The state of a key: what verifies with it, what publishes it, and whether it signs. */
export type MapKeyState =
  /** The cluster signs with it, published. */
  | "current"
  /** Both have it, and it will sign once the present rotation promotes it. */
  | "next"
  /** Both have it, and it signed before: its tokens verify. */
  | "previous"
  /** Both have it; whether it signs, is next or previous was not seen. */
  | "published"
  /** The cluster has it and the issuer does not publish it. */
  | "not-published"
  /** Published, and gone from the cluster. */
  | "retained"
  /** Removed by an operator. */
  | "distrusted";

/** One thing on a map. */
export interface MapNode {
  /** Its kind and what identifies it within the kind: `role arn:aws:iam::…:role/demo`. */
  readonly id: string;
  readonly kind: NodeKind;
  /** Its name for people. */
  readonly name: string;
  readonly account?: string;
  /** Its relying party; absent: AWS, or none. */
  readonly party?: string;
  readonly namespace?: string;
  /** Of a key. */
  readonly state?: MapKeyState;
  /** Of a ServiceAccount: whether the cluster has it. Absent if that was not seen. */
  readonly exists?: boolean;
  /** Pods that run as it, of a ServiceAccount. Absent if they were not seen. */
  readonly pods?: number;
  /**
   * Of a key: pods that relying parties refuse without it until their tokens are renewed. Absent if that was not seen.
   */
  readonly hit?: readonly string[];
  /** Further details, each as a label and a text. */
  readonly details: readonly (readonly [label: string, value: string])[];
}

/** How one thing leads to another. */
export type LinkKind =
  /** A key to its cluster: it verifies tokens by it, or signs with it. */
  | "verifies"
  /** A key to its issuer. */
  | "published"
  /** A cluster to the issuer of its tokens. */
  | "names"
  /** An issuer to its OIDC provider. */
  | "registered"
  /** A provider to a role whose trust policy names it. */
  | "trusts"
  /** A role to another that its sessions may assume by sts:AssumeRole. */
  | "assumes"
  /** A role to a policy on it. */
  | "has"
  /** A role to its permissions boundary. */
  | "bounded";

/** `from` and `to` are IDs of nodes. */
export interface MapLink {
  readonly kind: LinkKind;
  readonly from: string;
  readonly to: string;
}

/** The evidence that STS, or another relying party, accepts a ServiceAccount. */
export interface Proof {
  readonly outcome: "accepted" | "refused";
  /** RFC 3339. */
  readonly at: string;
  /** What asked: `this run`, or a binding. */
  readonly by: string;
  /** What was said, where it was refused. */
  readonly said?: string;
}

/** A ServiceAccount that can become a role, and the way there. Names of nodes are IDs. */
export interface MapAccess {
  readonly serviceAccount: string;
  readonly role: string;
  readonly provider: string;
  readonly issuer: string;
  /**
   * By the rules of STS over the trust policy as IAM has it; undecided if it depends on what only a call has.
   * At other relying parties: whether it is named there.
   */
  readonly outcome: "admitted" | "undecided";
  /** The condition keys on whose values the answer depends. */
  readonly decidingKeys: readonly string[];
  /** What asks for it: `config`, or the name of a binding; empty if only the trust policy lets it in. */
  readonly askedBy: readonly string[];
  /** The keys are uploaded to the provider: the issuer's documents are not needed. */
  readonly isUploaded?: true;
  readonly proof?: Proof;
}

/** What is noteworthy about a node. */
export interface MapFinding {
  readonly kind: "wider" | "unused" | "broken";
  /** Stable, for machines. */
  readonly rule: string;
  /** ID of the node. */
  readonly node: string;
  readonly text: string;
  readonly next?: string;
}

/** Which ServiceAccount can become which role, through which links. */
export interface TrustMap {
  readonly format: 1;
  readonly stack: string;
  readonly issuer: string;
  /** RFC 3339: when it was read. */
  readonly at: string;
  /** Whether account IDs and ARNs were taken out. */
  readonly redacted: boolean;
  readonly nodes: readonly MapNode[];
  readonly links: readonly MapLink[];
  readonly access: readonly MapAccess[];
  /** Bindings of all relying parties whose kinds the cluster has. */
  readonly bindings: readonly MapBinding[];
  readonly findings: readonly MapFinding[];
  readonly unseen: readonly Unseen[];
}

/** The ID of a node. */
export function nodeId(kind: NodeKind, name: string): string {
  return `${kind} ${name}`;
}
