import { defined, PodtrustError } from "../../core/base/index.ts";
import { bindingObject, type NewBinding, readBinding } from "../../rules/bindings/index.ts";
import { applyBinding, objectsYaml } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { chosenCluster, type ClusterOptions } from "../options/cluster.ts";
import { secondsOf } from "../options/seconds.ts";
import { AdmissionProgress } from "../wait/admission-progress.ts";

/** What was typed. */
export interface BindOptions extends ClusterOptions {
  readonly policy?: readonly string[];
  readonly account?: string;
  readonly trust: string;
  readonly maxSession?: string;
  readonly tag?: readonly string[];
  readonly adopt?: string;
  readonly existing?: string;
  readonly apply?: boolean;
}

function tagOf(text: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf("=");
  if (at > 0) return { key: text.slice(0, at), value: text.slice(at + 1) };
  throw new PodtrustError("usage", `--tag ${text} is not KEY=VALUE`, { next: "Write it as team=shop." });
}

/** A policy of AWS's own by its name, as `init` takes it, or any by its ARN. */
const policyArn = (typed: string): string =>
  typed.startsWith("arn:") ? typed : `arn:aws:iam::aws:policy/${typed}`;

function specOf(serviceAccount: string, options: BindOptions): NewBinding {
  const [namespace = "", name = "", ...rest] = serviceAccount.split("/");
  if (namespace === "" || name === "" || rest.length > 0) {
    const next = "Write it as shop/web.";
    throw new PodtrustError("usage", `${serviceAccount} is not NAMESPACE/NAME`, { next });
  }
  const { trust, account, policy: policies, maxSession, tag, adopt, existing } = options;
  return {
    namespace,
    name,
    trust,
    ...defined({ account, policies: policies?.map(policyArn) }),
    ...(maxSession === undefined ? {} : { maxSession: secondsOf("--max-session", maxSession) }),
    ...defined({ tags: tag?.map(tagOf), adopt, existing }),
  };
}

/** `podtrust bind`: prints the binding as YAML (with `--json` as JSON), or with `--apply` applies it. */
export async function runBind(
  context: CommandContext,
  serviceAccount: string,
  options: BindOptions,
): Promise<void> {
  const { output } = context;
  const object = bindingObject(specOf(serviceAccount, options));
  const read = readBinding(object);
  if ("problems" in read) {
    const problems = read.problems.map(({ path, message }) => `\n  ${path} ${message}`).join("");
    throw new PodtrustError("binding-invalid", `the binding of ${serviceAccount} has mistakes:${problems}`, {
      detail: { problems: read.problems },
    });
  }
  if (options.apply !== true) {
    if (context.json) output.result(object);
    else output.raw(objectsYaml([object]));
    return;
  }
  const cluster = await chosenCluster(context, options);
  const applied = await new AdmissionProgress(context).during((wait) => applyBinding(cluster, object, wait));
  output.line(
    `AWSRoleBinding ${serviceAccount} applied; kubectl get arb -n ${object.metadata.namespace} shows when it is ready`,
  );
  output.result(applied);
}
