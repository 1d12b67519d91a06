import type { Command } from "commander";
import { PodtrustError, defined } from "../../core/base/index.ts";
import { secondsOf } from "../options/seconds.ts";
import { AdmissionProgress } from "../wait/admission-progress.ts";
import type { CommandContext } from "../context.ts";
import type { NewBinding } from "../../rules/bindings/index.ts";
import type { ClusterOptions } from "../options/cluster.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** What was typed. */
interface BindOptions extends ClusterOptions {
  readonly policy?: readonly string[];
  readonly account?: string;
  readonly trust: string;
  readonly maxSession?: string;
  readonly tag?: readonly string[];
  readonly adopt?: string;
  readonly existing?: string;
  readonly apply?: boolean;
}

/** Examples and guide of the command. */
export const bindUses: CommandUses = {
  bind: {
    examples: [
      "podtrust bind shop/web --policy arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
      "podtrust bind shop/web --existing arn:aws:iam::111122223333:role/shop/web > web.yaml",
      "podtrust bind shop/web --account 111122223333 --policy arn:aws:iam::111122223333:policy/shop/read --apply --kubeconfig ./kubeconfig",
    ],
    guide: "bind",
  },
};

/** `podtrust bind`: the AWSRoleBinding of a ServiceAccount, for those who type. */
export function defineBind(program: Command, context: CommandContext): void {
  program
    .command("bind")
    .description("print the AWSRoleBinding that gives a ServiceAccount its role, or apply it")
    .argument("<namespace/name>", "the ServiceAccount")
    .option("--policy <policy...>", "managed policy of the role: its ARN, or a name of one of AWS's own")
    .option("--account <id>", "AWS account, if the trust has several")
    .option("--trust <name>", "AWSTrust whose grants are asked", "default")
    .option("--max-session <time>", "longest session of the role, in seconds or as 2h")
    .option("--tag <key=value...>", "tag of the role")
    .option("--adopt <arn>", "take over this role, which has nobody's tags")
    .option("--existing <arn>", "use this role of somebody else's, and change nothing about it")
    .option("--apply", "apply it to the cluster instead of printing it")
    .option("--kubeconfig <file>", "kubeconfig of the cluster (default: the one kubectl would take)")
    .option("--context <name>", "context in the kubeconfig")
    .action((serviceAccount: string, options: BindOptions) => runBind(context, serviceAccount, options));
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
async function runBind(context: CommandContext, serviceAccount: string, options: BindOptions): Promise<void> {
  const { bindingObject, readBinding } = await import("../../rules/bindings/index.ts");
  const { applyBinding, objectsYaml } = await import("../../stack/index.ts");
  const { chosenCluster } = await import("../options/cluster.ts");
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
