import { execFile } from "node:child_process";
import { isAbsolute, join } from "node:path";
import { defined, isRecord, type JsonRecord, mapped, type PodtrustError } from "../../core/base/index.ts";
import { bearer, clusterCa, credentialFault, type Credentials, type Identity } from "./identity.ts";
import { isListed } from "../../core/credentials/index.ts";
import type { ClusterEnvironment } from "./environment.ts";
import { type NamedPlugin, requireConsent } from "./exec-consent.ts";
import { oneLine } from "./answer.ts";
import { type KubeconfigContext, mapping, text } from "./kubeconfig.ts";
import { renewedByItself } from "./sent-credential.ts";

// The protocol of client-go's credential plugins:
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
const versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
const maxRun = 60_000;
const maxAnswer = 1024 * 1024;
const maxComplaint = 300;

interface Plugin extends NamedPlugin {
  /** Given in KUBERNETES_EXEC_INFO. */
  readonly info: string;
  readonly apiVersion: string;
}

interface Remembered {
  readonly identity: Identity;
  /** Milliseconds since the epoch; undefined for the life of the process. */
  readonly until: number | undefined;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

async function execInfo(context: KubeconfigContext, exec: JsonRecord, apiVersion: string): Promise<string> {
  const cluster = context.cluster.values;
  const ca = exec["provideClusterInfo"] === true ? await clusterCa(context.cluster) : undefined;
  const info = {
    server: text(cluster, "server"),
    "tls-server-name": text(cluster, "tls-server-name"),
    "certificate-authority-data": ca === undefined ? undefined : Buffer.from(ca).toString("base64"),
  };
  const spec = { interactive: false, ...(exec["provideClusterInfo"] === true ? { cluster: info } : {}) };
  return JSON.stringify({ apiVersion, kind: "ExecCredential", spec });
}

function addedEnv(exec: JsonRecord): Record<string, string> {
  const list: readonly unknown[] = Array.isArray(exec["env"]) ? exec["env"] : [];
  return Object.fromEntries(
    list.filter(isRecord).map((e) => [text(e, "name") ?? "", text(e, "value") ?? ""]),
  );
}

async function pluginOf(context: KubeconfigContext): Promise<Plugin> {
  const { user } = context;
  const exec = mapping(user.values, "exec") ?? {};
  const fault = (why: string): PodtrustError =>
    credentialFault(`exec plugin of kubeconfig user ${user.name}`, why);
  const command = text(exec, "command");
  if (command === undefined) throw fault("no command is named");
  const apiVersion = text(exec, "apiVersion") ?? "";
  if (!versions.includes(apiVersion)) {
    throw fault(`its apiVersion is "${apiVersion}", known are ${versions.join(" and ")}`);
  }
  if (exec["interactiveMode"] === "Always") throw fault("it wants a terminal (interactiveMode: Always)");
  return {
    kubeconfig: user.source.realPath ?? user.source.path,
    kubeconfigDigest: user.source.digest,
    named: command,
    // A command with a slash is a path from the kubeconfig's folder; a bare one is looked up in PATH.
    command: command.includes("/") && !isAbsolute(command) ? join(user.folder, command) : command,
    args: texts(exec["args"]),
    env: addedEnv(exec),
    info: await execInfo(context, exec, apiVersion),
    apiVersion,
  };
}

function run(plugin: Plugin, { env }: ClusterEnvironment): Promise<string> {
  return new Promise((resolve, reject) => {
    const given = { ...env, ...plugin.env, KUBERNETES_EXEC_INFO: plugin.info };
    const options = { env: given, timeout: maxRun, maxBuffer: maxAnswer };
    const child = execFile(plugin.command, plugin.args, options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const said = oneLine(stderr.trim(), maxComplaint);
      const how = error.killed === true ? `it did not end within ${maxRun / 1000} s` : "it failed";
      // execFile's own message repeats the arguments, which may hold secrets.
      const code = typeof error.code === "number" ? `exit ${error.code}` : String(error.code ?? error.signal);
      reject(credentialFault(`exec plugin ${plugin.command}`, `${how} (${code})${said && `: ${said}`}`));
    });
    child.stdin?.end();
  });
}

function execCredential(plugin: Plugin, answer: string): JsonRecord {
  const fault = (why: string): PodtrustError => credentialFault(`exec plugin ${plugin.command}`, why);
  let credential: JsonRecord | null;
  try {
    credential = JSON.parse(answer) as JsonRecord | null;
  } catch {
    throw fault("its answer is not JSON");
  }
  if (credential?.["kind"] !== "ExecCredential") throw fault("its answer is no ExecCredential");
  if (credential["apiVersion"] !== plugin.apiVersion) {
    throw fault(`it answers in ${String(credential["apiVersion"])} when asked in ${plugin.apiVersion}`);
  }
  return mapping(credential, "status") ?? {};
}

function parseAnswer(plugin: Plugin, answer: string): Remembered {
  const status = execCredential(plugin, answer);
  const token = text(status, "token");
  const cert = text(status, "clientCertificateData");
  const key = text(status, "clientKeyData");
  const certificate = cert !== undefined && key !== undefined ? { cert, key } : undefined;
  if (token === undefined && certificate === undefined) {
    const why = "its answer holds neither a token nor a client certificate with its key";
    throw credentialFault(`exec plugin ${plugin.command}`, why);
  }
  const expiry = text(status, "expirationTimestamp");
  if (expiry !== undefined && Number.isNaN(Date.parse(expiry))) {
    throw credentialFault(`exec plugin ${plugin.command}`, `its expirationTimestamp "${expiry}" is no time`);
  }
  const { headers, sent } =
    token === undefined ? { headers: {} } : bearer(`token of exec plugin ${plugin.command}`, token);
  return {
    identity: { headers, ...certificate, ...defined({ sent: mapped(sent, renewedByItself) }) },
    until: expiry === undefined ? undefined : Date.parse(expiry),
  };
}

/**
 * Credentials of an exec plugin: run without a shell and without a terminal, bounded in time and output, its
 * answer remembered until it expires or the cluster refuses it. Where the kubeconfig is not the person's own (`isOwn`),
 * or the environment lists what may run, the program runs only with a person's consent.
 *
 * `identity` throws PodtrustError `cluster-credentials` or `exec-plugin-unconfirmed`.
 */
export function execCredentials(
  context: KubeconfigContext,
  environment: ClusterEnvironment,
  isOwn: boolean,
): Credentials {
  let remembered: Remembered | undefined;
  let running: Promise<Remembered> | undefined;
  const ask = async (): Promise<Remembered> => {
    const plugin = await pluginOf(context);
    if (!isOwn || isListed("program", environment.env)) await requireConsent(plugin, environment);
    return parseAnswer(plugin, await run(plugin, environment));
  };
  return {
    async identity() {
      const { until } = remembered ?? {};
      if (until !== undefined && environment.clock.now() >= until) remembered = undefined;
      if (remembered !== undefined) return remembered.identity;
      // Callers that ask while it runs wait for the same answer.
      running ??= ask().finally(() => (running = undefined));
      remembered = await running;
      return remembered.identity;
    },
    refused() {
      remembered = undefined;
    },
  };
}
