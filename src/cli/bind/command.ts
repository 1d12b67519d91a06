import type { Command } from "commander";
import { PodtrustError } from "../../core/base/index.ts";
import { boundParty } from "../options/bound-parties.ts";
import { AdmissionProgress } from "../wait/admission-progress.ts";
import type { CommandContext } from "../context.ts";
import type { ClusterOptions } from "../options/cluster.ts";
import type { CommandUses } from "../../core/command-line/index.ts";
import type { BindingOptions } from "./spec.ts";

/** What was typed. */
interface BindOptions extends ClusterOptions, BindingOptions {
  readonly apply?: boolean;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  bind: {
    examples: [
      "podtrust bind shop/web --policy arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
      "podtrust bind shop/web --for gcp --existing web@my-project.iam.gserviceaccount.com > web.yaml",
      "podtrust bind shop/web --account 111122223333 --policy arn:aws:iam::111122223333:policy/shop/read --apply --kubeconfig ./kubeconfig",
    ],
    guide: "bind",
  },
};

/** `podtrust bind`: the binding of a ServiceAccount, from the command line. */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<namespace/name>", "the ServiceAccount")
    .addOption(boundParty("relying party of the binding"))
    .option(
      "--policy <policy...>",
      "for aws: managed policy of the role, its ARN or a name of one of AWS's own",
    )
    .option("--account <id>", "for aws: the account, if the trust has several")
    .option("--trust <name>", "trust whose grants apply", "default")
    .option("--max-session <time>", "for aws: longest session of the role, in seconds or as 2h")
    .option("--tag <key=value...>", "for aws: tag of the role")
    .option("--adopt <arn>", "for aws: take over this role, which must have no owner's tags")
    .option(
      "--existing <identity>",
      "use this existing one, which podtrust does not own: a role's ARN, an Azure identity's name or resource id, a Google service account's address",
    )
    .option("--group <name>", "for azure: group of the identity, if the trust has several")
    .option("--apply", "apply it to the cluster instead of printing it")
    .option("--kubeconfig <file>", "kubeconfig of the cluster (default: kubectl's)")
    .option("--context <name>", "context in the kubeconfig")
    .addHelpText(
      "after",
      "\nWithout --existing a role or an identity is made for the ServiceAccount alone; for gcp it is a principal of its own,\n" +
        "which policies of resources name.\n",
    )
    .action((serviceAccount: string, options: BindOptions) => runBind(context, serviceAccount, options));
}

/** `podtrust bind`: prints the binding as YAML (with `--json` as JSON), or with `--apply` applies it. */
async function runBind(context: CommandContext, serviceAccount: string, options: BindOptions): Promise<void> {
  const { bindingProblems, loadPartyManifests, partyNames } = await import("../../rules/bindings/index.ts");
  const { applyBinding, objectsYaml } = await import("../../stack/index.ts");
  const { chosenCluster } = await import("../options/cluster.ts");
  const { bindingOf } = await import("./spec.ts");
  const { output } = context;
  const object = bindingOf(serviceAccount, options);
  const problems = (await loadPartyManifests([options.for])).flatMap((row) => bindingProblems(row, object));
  if (problems.length > 0) {
    const text = problems.map(({ path, message }) => `\n  ${path} ${message}`).join("");
    throw new PodtrustError("binding-invalid", `the binding of ${serviceAccount} has mistakes:${text}`, {
      detail: { problems },
    });
  }
  if (options.apply !== true) {
    if (context.json) output.result(object);
    else output.raw(objectsYaml([object]));
    return;
  }
  const cluster = await chosenCluster(context, options);
  const applied = await new AdmissionProgress(context).during((wait) => applyBinding(cluster, object, wait));
  const { kind, shortNames } = partyNames[options.for].binding;
  const { namespace } = applied.metadata;
  output.line(
    `${kind} ${serviceAccount} applied; kubectl get ${shortNames[0]} -n ${namespace ?? ""} shows when it is ready`,
  );
  output.result(applied);
}
