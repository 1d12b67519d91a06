import { defined, type JsonRecord, mapped, PodtrustError } from "../../core/base/index.ts";
import { apiVersion, bindingObject, type BoundParty, partyNames } from "../../rules/bindings/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { flagOf } from "../options/flag.ts";
import { secondsOf } from "../options/seconds.ts";

/** What was typed about a binding. */
export interface BindingOptions {
  readonly for: BoundParty;
  readonly trust: string;
  readonly existing?: string;
  readonly policy?: readonly string[];
  readonly account?: string;
  readonly maxSession?: string;
  readonly tag?: readonly string[];
  readonly adopt?: string;
  readonly group?: string;
}

interface Whose {
  readonly namespace: string;
  readonly name: string;
}

/** One relying party's part: which options are its own, and the spec that they make. */
interface BindRow {
  readonly own: readonly (keyof BindingOptions)[];
  readonly specOf: (options: BindingOptions, whose: Whose) => JsonRecord;
}

function tagOf(text: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf("=");
  if (at > 0) return { key: text.slice(0, at), value: text.slice(at + 1) };
  throw new PodtrustError("usage", `--tag ${text} is not KEY=VALUE`, { next: "Write it as team=shop." });
}

/** A policy of AWS's own by its name, as `init` takes it, or any by its ARN. */
const policyArn = (typed: string): string =>
  typed.startsWith("arn:") ? typed : `arn:aws:iam::aws:policy/${typed}`;

function roleSpec(options: BindingOptions, whose: Whose): JsonRecord {
  const { trust, account, policy: policies, maxSession, tag, adopt, existing } = options;
  const { spec } = bindingObject({
    ...whose,
    trust,
    ...defined({
      account,
      policies: policies?.map(policyArn),
      maxSession: mapped(maxSession, (duration) => secondsOf("--max-session", duration)),
      tags: tag?.map(tagOf),
      adopt,
      existing,
    }),
  });
  return spec;
}

/** An identity by its resource id or its name; without one it is made. */
function identitySpec({ existing, group }: BindingOptions): JsonRecord {
  const inGroup = defined({ group });
  if (existing === undefined) return { managed: inGroup };
  return {
    existing: { ...(existing.startsWith("/") ? { resourceId: existing } : { name: existing }), ...inGroup },
  };
}

const rows: Readonly<Record<BoundParty, BindRow>> = {
  aws: { own: ["policy", "account", "maxSession", "tag", "adopt"], specOf: roleSpec },
  azure: { own: ["group"], specOf: identitySpec },
  gcp: {
    own: [],
    specOf: ({ existing }) => (existing === undefined ? { direct: true } : { email: existing }),
  },
};

/** Refuses an option of another relying party. */
function checkOwn(options: BindingOptions): void {
  const foreign = Object.entries(rows)
    .filter(([party]) => party !== options.for)
    .flatMap(([party, { own }]) => own.map((name) => ({ party, name })))
    .find(({ name }) => options[name] !== undefined);
  if (foreign === undefined) return;
  const { party, name } = foreign;
  throw new PodtrustError(
    "usage",
    `${flagOf(name)} goes with --for ${party}, and this is for ${options.for}`,
    {
      next: `Leave it out, or give --for ${party}.`,
    },
  );
}

/** The binding of NAMESPACE/NAME that the options say, not judged yet. Throws `usage`. */
export function bindingOf(serviceAccount: string, options: BindingOptions): KubernetesObject {
  const [namespace = "", name = "", ...rest] = serviceAccount.split("/");
  if (namespace === "" || name === "" || rest.length > 0) {
    const next = "Write it as shop/web.";
    throw new PodtrustError("usage", `${serviceAccount} is not NAMESPACE/NAME`, { next });
  }
  checkOwn(options);
  const { kind } = partyNames[options.for].binding;
  const spec = { trust: options.trust, ...rows[options.for].specOf(options, { namespace, name }) };
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}
