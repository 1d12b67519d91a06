import process from "node:process";
import { ask } from "./https.ts";
import { type Program, type Run, untilReady } from "./run.ts";
import type { SigningKey } from "./signing-key.ts";

/** Which keys an API server uses. */
export interface ServerKeys {
  /** The one it signs with. */
  readonly signer: SigningKey;
  /** Those it publishes and accepts; the signer must be among them. */
  readonly verifiers: readonly SigningKey[];
}

/** Who signs in place of the server: the unix socket of an external signer (KEP-740). */
export interface SigningEndpoint {
  readonly endpoint: string;
}

/** What stays the same when a server is started again. */
export interface ServerSpec {
  readonly name: string;
  readonly port: number;
  readonly command: string;
  readonly etcdUrl: string;
  /** PEM files: the server's certificate and key, the CA of its clients and of kubelets, and what it shows to those. */
  readonly files: {
    readonly certificate: string;
    readonly key: string;
    readonly ca: string;
    readonly kubeletCertificate: string;
    readonly kubeletKey: string;
  };
  /** PEM of the CA that vouches for the server. */
  readonly ca: string;
  readonly issuer: string;
  readonly jwksUri: string | undefined;
  readonly extraArgs: readonly string[];
}

/** An API server that can be started again with other keys, on the same port. */
export interface ApiServer {
  readonly url: string;
  readonly pid: () => number;
  readonly output: () => string;
  /** With `issuerFlags` in place of the issuer and jwks_uri that it was started with, from then on. */
  readonly restart: (keys: ServerKeys | SigningEndpoint, issuerFlags?: readonly string[]) => Promise<void>;
  /** Ends it; `restart` brings it back. */
  readonly stop: () => Promise<void>;
}

function issuerFlagsOf({ issuer, jwksUri }: ServerSpec): readonly string[] {
  return [
    `--service-account-issuer=${issuer}`,
    ...(jwksUri === undefined ? [] : [`--service-account-jwks-uri=${jwksUri}`]),
  ];
}

function keyFlags(keys: ServerKeys | SigningEndpoint): readonly string[] {
  if ("endpoint" in keys) return [`--service-account-signing-endpoint=${keys.endpoint}`];
  return [
    `--service-account-signing-key-file=${keys.signer.privateFile}`,
    ...keys.verifiers.map((key) => `--service-account-key-file=${key.publicFile}`),
  ];
}

function argsOf(
  spec: ServerSpec,
  keys: ServerKeys | SigningEndpoint,
  issuerFlags: readonly string[],
): readonly string[] {
  return [
    `--etcd-servers=${spec.etcdUrl}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${spec.port}`,
    // A loopback address is no endpoint for pods, so the server refuses to announce it.
    "--endpoint-reconciler-type=none",
    `--tls-cert-file=${spec.files.certificate}`,
    `--tls-private-key-file=${spec.files.key}`,
    `--client-ca-file=${spec.files.ca}`,
    `--kubelet-certificate-authority=${spec.files.ca}`,
    `--kubelet-client-certificate=${spec.files.kubeletCertificate}`,
    `--kubelet-client-key=${spec.files.kubeletKey}`,
    // In a network of its own there is no route by which it would choose an address; nobody is told this one.
    ...(process.env["PODTRUST_OWN_NETWORK"] === "yes" ? ["--advertise-address=192.0.2.1"] : []),
    "--authorization-mode=Node,RBAC",
    "--service-cluster-ip-range=10.96.0.0/16",
    ...issuerFlags,
    ...keyFlags(keys),
    "--profiling=false",
    // At the end nobody is left to be drained.
    "--shutdown-delay-duration=0s",
    ...spec.extraArgs,
  ];
}

async function launch(
  run: Run,
  spec: ServerSpec,
  keys: ServerKeys | SigningEndpoint,
  issuerFlags: readonly string[],
): Promise<Program> {
  const args = argsOf(spec, keys, issuerFlags);
  const program = await run.start({ name: spec.name, command: spec.command, args });
  const ready = async (): Promise<void> => {
    const { status, text } = await ask(`https://127.0.0.1:${spec.port}/readyz`, spec.ca);
    if (status !== 200) throw new Error(`readyz answers ${status}: ${text}`);
  };
  await untilReady(program, ready);
  return program;
}

/** Starts an API server and waits for its /readyz. */
export async function startApiServer(run: Run, spec: ServerSpec, keys: ServerKeys): Promise<ApiServer> {
  let flags = issuerFlagsOf(spec);
  let program = await launch(run, spec, keys, flags);
  return {
    url: `https://127.0.0.1:${spec.port}`,
    pid: () => program.pid,
    output: () => program.output(),
    async restart(next, issuerFlags = flags) {
      await program.stop();
      flags = issuerFlags;
      program = await launch(run, spec, next, flags);
    },
    stop: () => program.stop(),
  };
}
