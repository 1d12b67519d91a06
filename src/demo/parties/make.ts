import { join } from "node:path";
import { type Config, parseConfig } from "../../config/index.ts";
import { openAws } from "../../providers/aws/index.ts";
import type { ApplyEvent } from "../../rules/plan/index.ts";
import { openStack } from "../../stack/index.ts";
import { example } from "../example.ts";
import { writePrivateFile } from "../files.ts";
import type { DemoEnvironment } from "../environment.ts";
import { reportWaits } from "../waits.ts";
import type { OpenedParty } from "./party.ts";
import type { OnPartiesEvent } from "./report.ts";

/** One config for all of them, and the environment variables by which podtrust reaches them. */
export interface SharedConfig {
  readonly config: Config;
  readonly env: Readonly<Record<string, string>>;
}

/** Writes the config of all sections into the demo's folder, and reads it as every command does. */
export async function sharedConfig(
  { folder, issuer, kubeconfig }: DemoEnvironment,
  opened: readonly OpenedParty[],
): Promise<SharedConfig> {
  const sections = Object.assign({}, ...opened.map(({ section }) => section)) as object;
  const { stack, identity } = example;
  const content = { stack, identity, issuer: issuer.url, cluster: { kubeconfig }, ...sections };
  // A JSON text is a YAML text (YAML 1.2 §1.3).
  const text = JSON.stringify(content, undefined, 2);
  await writePrivateFile(folder, "podtrust.yaml", text);
  // None of the user's own credentials.
  const env = Object.assign({ HOME: folder }, ...opened.map((one) => one.env)) as Record<string, string>;
  return { env, config: await parseConfig(text, join(folder, "podtrust.yaml"), env) };
}

/**
 * Makes what the config names at all of them, as `podtrust up` does; returns the ids of what was made. Throws
 * the first failure.
 */
export async function makeAll(
  { issuer, sandbox, connectTo, ca, clock }: DemoEnvironment,
  { config, env }: SharedConfig,
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: OnPartiesEvent },
): Promise<readonly string[]> {
  const made: string[] = [];
  const waits = reportWaits(onEvent, clock);
  const report = (event: ApplyEvent): void => {
    waits(event);
    if (event.type !== "done") return;
    // The issuer's name is long, and of no use to a reader.
    const id = event.change.resource.id.replace(issuer.host, "…");
    made.push(id);
    onEvent({ kind: "step", text: `${id} created` });
  };
  const stack = await openStack({
    config,
    env,
    clock,
    signal,
    route: { connectTo, ca: ca.root },
    open: (access) => openAws({ ...access, endpoint: sandbox.url, credentials: sandbox.admin }),
  });
  try {
    const plan = await stack.plan();
    const [refusal] = plan.plan.refusals;
    if (refusal !== undefined) throw refusal;
    const { failed, unconfirmed } = await stack.apply(plan, { onEvent: report });
    const [first] = [...failed, ...unconfirmed];
    if (first !== undefined) throw first.error;
    return made;
  } finally {
    stack.close();
  }
}
