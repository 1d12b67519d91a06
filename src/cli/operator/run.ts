import { X509Certificate } from "node:crypto";
import { defined, errorText, mapped, PodtrustError } from "../../core/base/index.ts";
import {
  checkedName,
  type KubernetesApi,
  openKubernetes,
  storeKeyFolder,
} from "../../providers/kubernetes/index.ts";
import {
  keepHeap,
  type KeyKeeping,
  keysSecret,
  listenOperator,
  listenProbes,
  Operator,
  type OperatorOptions,
} from "../../operator/index.ts";
import type { BoundParty } from "../../rules/bindings/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { consentOf } from "../options/consent.ts";
import { addressOf } from "../options/address.ts";

/** What was typed. */
export interface OperatorCommandOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace: string;
  readonly listen: string;
  readonly probes?: string;
  readonly evictPerMinute?: string;
  /** False with --no-canary. */
  readonly canary: boolean;
  readonly bindings?: true;
  readonly for: readonly BoundParty[];
  readonly webhook?: true;
  readonly webhookListen: string;
  readonly roleMap?: string;
  readonly configMaps?: true;
  readonly keys?: string;
}

function evictionsOf({ evictPerMinute }: OperatorCommandOptions): { evict?: { perMinute: number } } {
  if (evictPerMinute === undefined) return {};
  const perMinute = Number(evictPerMinute);
  if (/^[1-9]\d{0,3}$/u.test(evictPerMinute)) return { evict: { perMinute } };
  throw new PodtrustError("usage", `--evict-per-minute ${evictPerMinute} is not a number from 1 to 9999`);
}

/** From the environment, as the operator's other secrets come from its Secret. Throws `usage`. */
function clientCaOf({ PODTRUST_WEBHOOK_CLIENT_CA: pem = "" }: CommandContext["env"]): { clientCa?: string } {
  if (pem === "") return {};
  try {
    return { clientCa: new X509Certificate(pem).toString() };
  } catch (cause) {
    throw new PodtrustError("usage", `PODTRUST_WEBHOOK_CLIENT_CA is no certificate: ${errorText(cause)}`, {
      cause,
      next: "Give the PEM of the authority that signed the API servers' client certificate, or leave it out.",
    });
  }
}

/** What uploads the keys of a config's cluster. Throws `usage` for a config whose publisher does. */
async function keeperOf(
  context: CommandContext,
  { keys, namespace }: OperatorCommandOptions,
  cluster: KubernetesApi,
): Promise<{ readonly keys?: KeyKeeping }> {
  if (keys === undefined) return {};
  const config = await configOf(context, keys);
  const { checkKept, KeyKeeper } = await import("../../publisher/index.ts");
  checkKept(config);
  const { env, clock } = context;
  const secret = { namespace, name: keysSecret };
  return {
    keys: new KeyKeeper({
      config,
      cluster,
      secret,
      keyFolder: storeKeyFolder,
      env,
      clock,
      logger: context.logger("info"),
    }),
  };
}

type MakeControllers = NonNullable<OperatorOptions["controllers"]>;

/** One row for each relying party, loaded on demand, since all of a stack comes with it. */
const reconciling: Readonly<Record<BoundParty, (env: CommandContext["env"]) => Promise<MakeControllers>>> = {
  aws: async () => (await import("../../operator/bindings/index.ts")).reconcilingBindings,
  async azure(env) {
    const { reconcilingIdentities } = await import("../../operator/bindings/azure/index.ts");
    return (tools) => reconcilingIdentities(tools, env);
  },
  async gcp(env) {
    const { reconcilingGoogleBindings } = await import("../../operator/bindings/gcp/index.ts");
    return (tools) => reconcilingGoogleBindings(tools, env);
  },
};

/** What reconciles the bindings of some relying parties. */
async function controllersFor(
  { env }: CommandContext,
  parties: readonly BoundParty[],
): Promise<MakeControllers> {
  const all = await Promise.all([...new Set(parties)].map((one) => reconciling[one](env)));
  return (tools) => all.flatMap((make) => make(tools));
}

/** Runs the operator until the command is stopped. */
export async function runOperator(context: CommandContext, options: OperatorCommandOptions): Promise<void> {
  const { env, clock, signal } = context;
  const { kubeconfig, context: name, namespace } = options;
  const address = addressOf(options.listen);
  const probes = options.probes === undefined ? undefined : addressOf(options.probes);
  const evict = evictionsOf(options);
  const { roleMap, configMaps = false } = options;
  const from = defined({ roleMap: mapped(roleMap, checkedName) });
  const webhook =
    options.webhook === true
      ? { webhook: { listen: addressOf(options.webhookListen), ...clientCaOf(env) } }
      : {};
  const logger = context.logger("info");
  const source =
    kubeconfig === undefined
      ? ({ inCluster: true } as const)
      : { kubeconfig: context.path(kubeconfig), ...defined({ context: name }) };
  const open = { env, clock, consent: consentOf(context) };
  const api = await openKubernetes(source, open);
  const working = await openKubernetes(source, { ...open, keepConnections: true });
  const canary = options.canary ? {} : ({ canary: false } as const);
  const controllers = options.bindings === true ? await controllersFor(context, options.for) : undefined;
  const operator = new Operator({
    api,
    working,
    namespace,
    clock,
    logger,
    ...evict,
    ...canary,
    ...webhook,
    ...from,
    configMaps,
    ...(await keeperOf(context, options, api)),
    ...defined({ controllers }),
  });
  const listener = await listenOperator(operator, address, logger);
  const probed = probes === undefined ? undefined : await listenProbes(operator, probes, logger);
  logger.info("the operator listens", { address: `${listener.host}:${listener.port}`, cluster: api.server });
  void keepHeap(() => operator.waiting, clock, signal);
  try {
    await operator.run(signal);
  } finally {
    await Promise.all([listener.close(), probed?.close()]);
  }
  logger.info("the operator has ended", { reason: errorText(signal.reason) });
}
