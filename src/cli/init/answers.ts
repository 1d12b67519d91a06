import { createHash, randomBytes, randomUUID } from "node:crypto";
import { iamProviderKey } from "../../rules/oidc/index.ts";

/** What the cluster and its issuer stand on. */
export type Foundation =
  | { readonly kind: "hetzner"; readonly type: string; readonly location: string }
  | { readonly kind: "ssh"; readonly user: string; readonly address: string }
  | {
      readonly kind: "cluster";
      /** As the config has it: a file, or several joined as in $KUBECONFIG. */
      readonly kubeconfig: string;
      readonly context: string | undefined;
      /** Its API server's URL, where a publisher needs no more than that, the CA and a token. */
      readonly server: string | undefined;
    };

/** Who serves the issuer's documents. */
export type Publishing =
  | { readonly kind: "https"; readonly email: string | undefined }
  | { readonly kind: "s3"; readonly bucket: string }
  | { readonly kind: "none" };

/** All that a new config says. */
export interface Answers {
  readonly stack: string;
  /** 8 hex characters that no other config has. */
  readonly identity: string;
  readonly foundation: Foundation;
  /** A zone, under which podtrust makes a name, or the issuer's own URL. */
  readonly name: { readonly zone: string; readonly dns: string } | { readonly issuer: string };
  readonly publishing: Publishing;
  readonly account: string;
  readonly region: string;
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
  /** ARN of a managed policy. */
  readonly policy: string;
}

/** What tells a new stack apart from every other of its name. */
export const newIdentity = (): string => randomBytes(4).toString("hex");

/** A name of a role that says whose it is: stack and ServiceAccount, of at most 64 characters. */
export function roleNameOf({ stack, serviceAccount }: Pick<Answers, "stack" | "serviceAccount">): string {
  return `${stack}-${serviceAccount.replace("/", "-")}`.slice(0, 64);
}

// A workload identity pool at Google has the stack's name, and 32 characters at the most.
const longestName = 24;

/**
 * A name for the stack that nobody else's has: things at a provider are called by it. Of the issuer's name, or of the zone
 * with something random behind it, since more than one stack may have a name there.
 */
export function stackNameOf(name: Answers["name"]): string {
  const text = "zone" in name ? name.zone : iamProviderKey(name.issuer);
  const words = text.toLowerCase().match(/[a-z0-9]+/gu) ?? [];
  // It begins with a letter, and a random name may begin with a digit.
  const plain = words.join("-").replace(/^(?=\d)/u, "i-");
  if (!("zone" in name) && plain.length <= longestName) return plain;
  const unique = "zone" in name ? randomUUID() : createHash("sha256").update(text).digest("hex");
  return [...plain.slice(0, longestName - 5).split("-"), unique.slice(0, 4)].filter(Boolean).join("-");
}
